import { Injectable, Logger } from '@nestjs/common';
import { EngineTransport } from '../camunda-engine/index.js';

/** A topic that no process has: its poll finds nothing, but makes the engine look again for every poll that waits. */
const NOBODYS_TOPIC = 'fastify-camunda.nudge';

/** Milliseconds after a retry is due, for engines whose database rounds times. */
const MARGIN_MS = 15;

const NUDGE_TIMEOUT_MS = 5_000;

/**
 * Has retries fetched when they fall due.
 *
 * A waiting long poll does not notice that a failed task's delay has passed; any other long poll makes the engine look
 * again for all (measured on Camunda 7.24: 7 ms instead of seconds).
 */
@Injectable()
export class RetryNudge {
  private readonly logger = new Logger(RetryNudge.name);
  private readonly due = new Map<string, NodeJS.Timeout>();
  private sending: Promise<void> = Promise.resolve();
  private asked = false;
  private stopped = false;

  constructor(private readonly transport: EngineTransport) {}

  /** True where a task's failure was accepted and its delay has not passed. */
  awaitsRetry(taskId: string): boolean {
    return this.due.has(taskId);
  }

  /** @param delayMs the accepted `retryTimeout` */
  schedule(taskId: string, delayMs: number): void {
    this.forget(taskId);
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.due.delete(taskId);
      this.nudge();
    }, delayMs + MARGIN_MS);
    this.due.set(taskId, timer);
  }

  /** Ends all timers and waits for what is on its way. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const taskId of [...this.due.keys()]) this.forget(taskId);
    await this.sending;
  }

  private forget(taskId: string): void {
    clearTimeout(this.due.get(taskId));
    this.due.delete(taskId);
  }

  /** Retries that fall due while a nudge is on its way share the next one. */
  private nudge(): void {
    if (this.asked) return;
    this.asked = true;
    this.sending = this.sending.then(() => this.send());
  }

  private async send(): Promise<void> {
    this.asked = false;
    try {
      await this.transport.send({
        method: 'POST',
        path: '/external-task/fetchAndLock',
        // An id of its own: an engine may let a worker's new poll cancel its older one.
        json: {
          workerId: NOBODYS_TOPIC,
          maxTasks: 1,
          asyncResponseTimeout: 1,
          topics: [{ topicName: NOBODYS_TOPIC, lockDuration: 1_000 }],
        },
        timeoutMs: NUDGE_TIMEOUT_MS,
      });
    } catch (error) {
      this.logger.debug({ msg: 'A nudge failed; the retry comes with the next poll.', err: error });
    }
  }
}
