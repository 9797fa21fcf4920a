import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { CAMUNDA_CONFIG, type CamundaConfig, DATABASE_CONFIG, type DatabaseConfig } from '../config/index.js';
import { PeriodicTask, ShutdownService } from '../lifecycle/index.js';
import { DeliveryJournal, type LeftJournal, leftJournals, removeJournal } from './delivery.journal.js';
import { DeliveryLedger } from './delivery.ledger.js';
import type { RunningTask } from './running-task.js';
import type { TaskOutcome } from './task-outcome.mapper.js';

/** A single death proves nothing: whatever ran beside the culprit has it too. */
const LEAST_DEATHS = 2;

/** How long a suspect holds its turn that may still die once more; then the next one runs beside it. */
const BRIEF_TURN_MS = 2_000;

/** Part of the slots in which suspects may wait for their turn. */
const WAITING_SHARE = 1 / 4;

/** How often an instance reads what others have counted. */
const REFRESH_MS = 5_000;

/**
 * Counts deliveries that never reported, because the process died meanwhile.
 *
 * A journal file names the tasks that run. What a dead process has left in it are suspects: they run one at a time, so
 * that the culprit dies alone. A suspect that reports is cleared; one that has been there
 * `CAMUNDA_TASK_RETRIES` times (at least twice) is not run again.
 */
@Injectable()
export class DeliveryGuard {
  private readonly logger = new Logger(DeliveryGuard.name);
  private readonly suspects = new Map<string, number>();
  private readonly slots = new Map<string, number>();
  private journal: DeliveryJournal | null = null;
  private turn: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Inject(DATABASE_CONFIG) private readonly database: DatabaseConfig,
    private readonly shutdown: ShutdownService,
    @Optional() @Inject(DeliveryLedger) private readonly ledger?: DeliveryLedger,
  ) {
    shutdown.register('release', 'delivery journal', () => {
      this.close();
    });
  }

  /** Counts what earlier lives of this service have left, and begins to keep a journal; before the first poll. */
  async open(): Promise<void> {
    if (this.ledger === undefined) return;
    const { ledger } = this;
    const { dataDir, server } = this.database;
    try {
      for (const left of leftJournals(dataDir, server === null)) await this.blame(ledger, left);
      await this.refresh(ledger);
    } catch (error) {
      this.logger.warn({
        msg: 'Deliveries that never reported could not be counted; the next start tries again.',
        err: error,
      });
    }
    if (server !== null) {
      const work = { name: 'reading of task_delivery', everyMs: REFRESH_MS, firstAfterMs: REFRESH_MS };
      new PeriodicTask({ ...work, run: () => this.refresh(ledger) }, this.shutdown).start();
    }
    try {
      this.journal = new DeliveryJournal(dataDir, (error) => {
        this.noteFault(error);
      });
    } catch (error) {
      this.logger.warn({
        msg: 'DATA_DIR takes no files: a step that ends the process is not counted and will be run again after each start.',
        err: error,
      });
    }
  }

  /** True where a task was running when a process died, or left an error that may have been another's. */
  isSuspect(taskId: string): boolean {
    return this.suspects.has(taskId);
  }

  /** The number of times the process died while this task ran, if it is over the limit; null if the task may run. */
  condemned(taskId: string): number | null {
    const deaths = this.suspects.get(taskId) ?? 0;
    return deaths >= this.limit ? deaths : null;
  }

  /** Has a task run alone among suspects when it comes again. */
  suspect(taskId: string): void {
    if (!this.suspects.has(taskId)) this.suspects.set(taskId, 0);
  }

  /**
   * Waits until a suspect may run.
   *
   * @returns what ends its turn; null where too many wait already: it is to come again later
   */
  async takeTurn(taskId: string): Promise<(() => void) | null> {
    if (this.waiting >= Math.max(1, Math.floor(this.config.maxTasks * WAITING_SHARE))) return null;
    const before = this.turn;
    let end: () => void = () => undefined;
    this.turn = new Promise((resolve) => {
      end = resolve;
    });
    this.waiting += 1;
    await before;
    this.waiting -= 1;
    const deaths = this.suspects.get(taskId) ?? 0;
    // One that may have left an error unhandled keeps its turn, so that the next error is certain to be its own.
    if (deaths > 0 && deaths + 1 < this.limit) setTimeout(end, BRIEF_TURN_MS).unref();
    return end;
  }

  /** Notes that a handler begins. */
  begin({ taskId, topic }: RunningTask): void {
    const slot = this.journal?.begin({ taskId, topic }) ?? null;
    if (slot !== null) this.slots.set(taskId, slot);
  }

  /**
   * Notes that a delivery has come to its end.
   *
   * @param outcome what was reported to the engine, which deletes its count; null where nothing was
   */
  end(task: RunningTask, outcome: TaskOutcome | null): void {
    const isReported = outcome !== null && outcome.kind !== 'unlock';
    const slot = this.slots.get(task.taskId);
    this.slots.delete(task.taskId);
    // What was given back because an unhandled error stops the service has not reported.
    const isKept = this.shutdown.crashing && !isReported;
    if (slot !== undefined && !isKept) this.journal?.end(slot);
    if (!isReported || !this.suspects.has(task.taskId)) return;
    const deaths = this.suspects.get(task.taskId) ?? 0;
    // A step that left an error unhandled goes on alone, until it is an incident.
    const goesOnAlone = task.failure !== null && !(outcome.kind === 'failure' && outcome.retries === 0);
    if (goesOnAlone) this.suspects.set(task.taskId, 0);
    else this.suspects.delete(task.taskId);
    if (deaths > 0) void this.forget(task.taskId);
  }

  /** @param error null: the journal can be written again */
  private noteFault(error: unknown): void {
    if (error === null) this.logger.log('The journal of running tasks can be written again.');
    else {
      this.logger.warn({
        msg: 'The journal of running tasks cannot be written. Steps run on; one that ends the process now is not counted.',
        err: error,
      });
    }
  }

  private get limit(): number {
    return Math.max(LEAST_DEATHS, this.config.taskRetries);
  }

  private async blame(ledger: DeliveryLedger, left: LeftJournal): Promise<void> {
    if (left.tasks.length > 0) {
      this.logger.warn({
        msg: 'The service ended while steps ran; they run one at a time until they report.',
        tasks: left.tasks.map(({ taskId, topic }) => `${topic} ${taskId}`).slice(0, 20),
        count: left.tasks.length,
      });
      await ledger.count(left.life, left.tasks);
    }
    removeJournal(left);
  }

  private async refresh(ledger: DeliveryLedger): Promise<void> {
    const counts = new Map((await ledger.all()).map(({ taskId, deaths }) => [taskId, deaths]));
    for (const [taskId, deaths] of this.suspects) {
      if (deaths > 0 && !counts.has(taskId)) this.suspects.delete(taskId);
    }
    for (const [taskId, deaths] of counts) this.suspects.set(taskId, deaths);
  }

  private async forget(taskId: string): Promise<void> {
    try {
      await this.ledger?.forget(taskId);
    } catch (error) {
      this.logger.debug({ msg: 'The count of a task stays until it reports again.', taskId, err: error });
    }
  }

  private close(): void {
    const { journal } = this;
    this.journal = null;
    journal?.close(this.shutdown.crashing);
  }
}
