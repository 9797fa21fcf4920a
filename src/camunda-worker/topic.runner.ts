import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { isOutOfResources } from '../common/errors/index.js';
import { HttpService } from '../common/http/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { AbandonedHandlers } from './abandoned-handlers.js';
import { DeliveryGuard } from './delivery.guard.js';
import type { FetchedTask, TaskCalls } from './fetched-task.js';
import { runHandler } from './handler.run.js';
import { OutcomeDelivery } from './outcome.delivery.js';
import { RetryNudge } from './retry.nudge.js';
import { RunningTask } from './running-task.js';
import { type Attempt, createAttemptEvent } from './task-event.factory.js';
import { TaskEventLog } from './task-event.log.js';
import { TaskLockKeeper } from './task-lock.keeper.js';
import { type TaskOutcome, toErrorOutcome } from './task-outcome.mapper.js';
import { StepContext } from './step.context.js';
import { FatalTaskError, UnhandledStepError } from './task.errors.js';
import type { RegisteredTopic } from './topic.explorer.js';
import { UnknownMembers } from './unknown-members.js';
import { traceUnhandled } from './unhandled-error.tracer.js';

/** Milliseconds after which a suspect comes again for which too many wait. */
const POSTPONED_MS = 250;

/**
 * Runs a task: handler, event row, engine call, in this order.
 *
 * The row is durable before the engine is told, so that whatever the engine goes on with is in the trail.
 */
@Injectable()
export class TopicRunner {
  private readonly logger = new Logger(TopicRunner.name);
  private readonly tasks = new Map<string, RunningTask>();
  private readonly idle = new Set<() => void>();
  private readonly giveUp = new AbortController();
  private readonly context = new StepContext(process.versions.node);
  private readonly abandoned = new AbandonedHandlers();
  private starved: (error: unknown) => void = () => undefined;
  private readonly unknownMembers = new UnknownMembers(this.logger);
  private readonly abandon = this.abandoned.add.bind(this.abandoned);

  constructor(
    private readonly events: TaskEventLog,
    private readonly outcomes: OutcomeDelivery,
    private readonly nudge: RetryNudge,
    private readonly http: HttpService,
    private readonly deliveries: DeliveryGuard,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
  ) {
    // Every running task that repeats a call listens; Node warns of a leak at eleven.
    setMaxListeners(config.maxTasks, this.giveUp.signal);
  }

  get running(): number {
    return this.tasks.size;
  }

  isRunning(taskId: string): boolean {
    return this.tasks.has(taskId);
  }

  /** Resolves when no task runs. */
  whenIdle(): Promise<void> {
    if (this.tasks.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.add(resolve));
  }

  /** Aborts the signals of all running tasks and ends repetitions, because the service can wait no longer. */
  abortAll(): void {
    this.giveUp.abort();
    for (const task of this.tasks.values()) task.abort('stopping');
  }

  /** How many handlers of a topic run, and how many have been left behind and still do. */
  loadOf(topic: string): { readonly running: number; readonly abandoned: number } {
    let running = 0;
    for (const task of this.tasks.values()) if (task.topic === topic) running += 1;
    return { running, abandoned: this.abandoned.countOf(topic) };
  }

  /**
   * Fails the step that an unhandled error came from. Where several steps of the same code run it may have been any of
   * them: each is made again, without using up an attempt, and then runs alone among suspects.
   *
   * @returns false where the error came from no step that is known
   */
  failStepOf(error: unknown, topics: ReadonlyMap<string, RegisteredTopic>): boolean {
    const { running, isLate } = traceUnhandled(error, {
      current: this.context.current,
      // A suspect that still waits for its turn has run no code.
      running: [...this.tasks.values()].filter(({ hasBegun }) => hasBegun),
      abandoned: this.abandoned.all,
      topics,
    });
    if (isLate) this.logger.warn({ msg: 'A handler that was given up left an error unhandled.', err: error });
    for (const task of running) {
      // Among several it is only certain of one that runs alone among suspects; the others come again as such.
      const isUncounted = running.length > 1 && !this.deliveries.isSuspect(task.taskId);
      const failure = new UnhandledStepError(error, isUncounted);
      this.deliveries.suspect(task.taskId);
      const isFailed = task.fail(failure, 'unhandled-error');
      task.logger.error('A step left an error unhandled: await every promise of a handler.', {
        err: error,
        candidates: running.length,
        consequence: isFailed ? 'the attempt has failed' : 'none: its outcome is being reported',
      });
    }
    return isLate || running.length > 0;
  }

  /** Calls back with the error of each attempt that failed because the process was out of file descriptors or buffers. */
  onStarved(listener: (error: unknown) => void): void {
    this.starved = listener;
  }

  /** Runs one delivery of a task to its end; never rejects. */
  async run(topic: RegisteredTopic, fetched: FetchedTask, calls: TaskCalls): Promise<void> {
    const running = this.tasks.get(fetched.id);
    if (running !== undefined) {
      // The lock ran out and the task came back while its handler still works: its outcome goes out under the new lock.
      running.logger.warn('A task was delivered again while it runs.', { workerId: calls.workerId });
      running.calls = calls;
      return;
    }
    const task = new RunningTask(fetched, calls, this.config.taskRetries, this.logger, this.http);
    this.tasks.set(fetched.id, task);
    try {
      await this.process(task, topic);
    } catch (error) {
      task.logger.error('A task was left to its lock.', { err: error });
    } finally {
      this.tasks.delete(fetched.id);
      if (this.tasks.size === 0) this.announceIdle();
    }
  }

  private async process(task: RunningTask, topic: RegisteredTopic): Promise<void> {
    const keeper = new TaskLockKeeper(task, topic.declaration.lockDurationMs ?? this.config.lockDurationMs);
    let endTurn: (() => void) | null = null;
    let reported: TaskOutcome | null = null;
    try {
      if (this.deliveries.isSuspect(task.taskId)) {
        endTurn = await this.deliveries.takeTurn(task.taskId);
        if (endTurn === null) {
          await this.postpone(task, keeper);
          return;
        }
      }
      const outcome = await this.decide(task, topic, keeper);
      reported = outcome;
      const { heldUntil } = keeper;
      await this.outcomes.deliver(task, topic, outcome, { heldUntil, giveUp: this.giveUp.signal });
    } finally {
      this.deliveries.end(task, reported);
      endTurn?.();
    }
  }

  /** Makes the attempt and its row, unless the work was finished by an earlier delivery. */
  private async decide(
    task: RunningTask,
    topic: RegisteredTopic,
    keeper: TaskLockKeeper,
  ): Promise<TaskOutcome> {
    try {
      const finished = this.outcomes.finishedOutcomeOf(task);
      if (finished !== null) {
        task.logger.log('The work of a task is done; its outcome is reported again.', {
          outcome: finished.kind,
        });
        return finished;
      }
      const { attempt, outcome } = await this.attempt(task, topic);
      if (!attempt.succeeded && isOutOfResources(attempt.error)) this.starved(attempt.error);
      await this.events.append(createAttemptEvent(task, topic, attempt, outcome));
      if (task.failure === null || !attempt.succeeded) return outcome;
      // An error that the handler had let go came up behind its return.
      const { input, calls, durationMs } = attempt;
      const failed: Attempt = { succeeded: false, error: task.failure, input, calls, durationMs };
      const failure = toErrorOutcome(task.failure, task);
      await this.events.append(createAttemptEvent(task, topic, failed, failure));
      return failure;
    } finally {
      task.settle();
      await keeper.stop();
    }
  }

  private async attempt(task: RunningTask, topic: RegisteredTopic): ReturnType<typeof runHandler> {
    const deaths = this.deliveries.condemned(task.taskId);
    if (deaths !== null) {
      const error = new FatalTaskError(
        `The service ended ${deaths} times while this step ran, so it is not run again.`,
      );
      task.logger.error('A step that has ended the service again and again becomes an incident.', { deaths });
      const attempt: Attempt = {
        succeeded: false,
        error,
        input: task.variables,
        calls: task.httpCalls,
        durationMs: 0,
      };
      return { attempt, outcome: toErrorOutcome(error, task) };
    }
    this.deliveries.begin(task);
    return runHandler(task, topic, {
      maxDurationMs: topic.declaration.maxDurationMs ?? this.config.taskMaxDurationMs,
      context: this.context,
      abandon: this.abandon,
      unknownMembers: this.unknownMembers,
    });
  }

  /** Has a task come again a little later, by the end of its lock: that uses up no attempt. */
  private async postpone(task: RunningTask, keeper: TaskLockKeeper): Promise<void> {
    await keeper.stop();
    await task.calls.extendLock(task.taskId, POSTPONED_MS);
    this.nudge.schedule(task.taskId, POSTPONED_MS);
  }

  private announceIdle(): void {
    for (const resolve of this.idle) resolve();
    this.idle.clear();
  }
}
