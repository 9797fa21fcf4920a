import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  DATABASE_CONFIG,
  type DatabaseConfig,
} from '../../config/index.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import {
  RunningTasksJournal,
  type OrphanedJournal,
  findOrphanedJournals,
  removeJournal,
} from './running-tasks.journal.js';
import { CrashLedger } from './crash.ledger.js';
import type { RunningTask } from '../task/running-task.js';
import type { TaskOutcome } from '../outcome/task-outcome.mapper.js';

/** One crash proves nothing: every task that ran at the time has it on its count. */
const MIN_CRASHES = 2;

/** How long a suspect holds its turn if one more crash is still within the limit; then the next suspect runs beside it. */
const BRIEF_TURN_MS = 2_000;

/** Share of the slots in which suspects may wait for their turn. */
const WAITING_SHARE = 1 / 4;

/** How often an instance reads what others have counted. */
const REFRESH_MS = 5_000;

/**
 * Stops a task that crashes the process each time it runs (a poison task) from being run for ever.
 *
 * A journal file lists the running tasks. The tasks in the journal of a crashed process are suspects: they run one at a
 * time, so that only the poison task crashes again. A suspect that reports an outcome is cleared; one that was running
 * in `CAMUNDA_TASK_RETRIES` crashes (at least two) is not run again.
 */
@Injectable()
export class PoisonTaskGuard {
  private readonly logger = new Logger(PoisonTaskGuard.name);
  private readonly suspects = new Map<string, number>();
  private readonly slots = new Map<string, number>();
  private journal: RunningTasksJournal | null = null;
  private turn: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Inject(DATABASE_CONFIG) private readonly database: DatabaseConfig,
    private readonly shutdown: ShutdownService,
    @Optional() @Inject(CrashLedger) private readonly ledger?: CrashLedger,
  ) {
    shutdown.register('release', 'delivery journal', () => {
      this.close();
    });
  }

  /** Counts the tasks of crashed processes and opens the journal of this one; called before the first poll. */
  async open(): Promise<void> {
    if (this.ledger === undefined) return;
    const { ledger } = this;
    const { dataDir, server } = this.database;
    try {
      for (const journal of findOrphanedJournals(dataDir, server === null))
        await this.countCrash(ledger, journal);
      await this.refresh(ledger);
    } catch (error) {
      this.logger.warn({
        msg: 'Tasks that ran in a crashed process could not be counted; the next start tries again.',
        err: error,
      });
    }
    if (server !== null) {
      const work = { name: 'reading of task_delivery', everyMs: REFRESH_MS, firstAfterMs: REFRESH_MS };
      new PeriodicTask({ ...work, run: () => this.refresh(ledger) }, this.shutdown).start();
    }
    try {
      this.journal = new RunningTasksJournal(dataDir, (error) => {
        this.noteFault(error);
      });
    } catch (error) {
      this.logger.warn({
        msg: 'No file can be created in DATA_DIR: a step that crashes the process is not counted and runs again after each start.',
        err: error,
      });
    }
  }

  /** True if the task was running when a process crashed, or left an unhandled error that may have been another task's. */
  isSuspect(taskId: string): boolean {
    return this.suspects.has(taskId);
  }

  /** The crashes while this task ran, if they have reached the limit; null if the task may run. */
  crashesAtLimit(taskId: string): number | null {
    const crashes = this.suspects.get(taskId) ?? 0;
    return crashes >= this.limit ? crashes : null;
  }

  /** Makes a task a suspect: from its next delivery on it does not run beside other suspects. */
  addSuspect(taskId: string): void {
    if (!this.suspects.has(taskId)) this.suspects.set(taskId, 0);
  }

  /**
   * Waits until a suspect may run.
   *
   * @returns ends the turn; null if too many suspects wait already, so the task has to be delivered again later
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
    const crashes = this.suspects.get(taskId) ?? 0;
    // A suspect because of an unhandled error keeps its turn, so that the next such error is certain to be its own.
    if (crashes > 0 && crashes + 1 < this.limit) setTimeout(end, BRIEF_TURN_MS).unref();
    return end;
  }

  /** Notes that a handler starts. */
  begin({ taskId, topic }: RunningTask): void {
    const slot = this.journal?.begin({ taskId, topic }) ?? null;
    if (slot !== null) this.slots.set(taskId, slot);
  }

  /**
   * Notes that the delivery of a task has ended.
   *
   * @param outcome what was reported to the engine, which clears the task's count; null: nothing was
   */
  end(task: RunningTask, outcome: TaskOutcome | null): void {
    const isReported = outcome !== null && outcome.kind !== 'unlock';
    const slot = this.slots.get(task.taskId);
    this.slots.delete(task.taskId);
    // A task that is unlocked because an unhandled error stops the service has reported nothing.
    const isKept = this.shutdown.crashing && !isReported;
    if (slot !== undefined && !isKept) this.journal?.end(slot);
    if (!isReported || !this.suspects.has(task.taskId)) return;
    const crashes = this.suspects.get(task.taskId) ?? 0;
    // A step that left an error unhandled stays a suspect until it is an incident.
    const staysSuspect = task.failure !== null && !(outcome.kind === 'failure' && outcome.retries === 0);
    if (staysSuspect) this.suspects.set(task.taskId, 0);
    else this.suspects.delete(task.taskId);
    if (crashes > 0) void this.forget(task.taskId);
  }

  /** @param error null: the journal can be written again */
  private noteFault(error: unknown): void {
    if (error === null) this.logger.log('The journal of running tasks can be written again.');
    else {
      this.logger.warn({
        msg: 'The journal of running tasks cannot be written. Steps still run; one that crashes the process now is not counted.',
        err: error,
      });
    }
  }

  private get limit(): number {
    return Math.max(MIN_CRASHES, this.config.taskRetries);
  }

  private async countCrash(ledger: CrashLedger, journal: OrphanedJournal): Promise<void> {
    const { tasks, life } = journal;
    if (tasks.length > 0) {
      this.logger.warn({
        msg: 'The service crashed while steps ran; they run one at a time until they report an outcome.',
        tasks: tasks.map(({ taskId, topic }) => `${topic} ${taskId}`).slice(0, 20),
        count: tasks.length,
      });
      await ledger.count(life, tasks);
    }
    removeJournal(journal);
  }

  private async refresh(ledger: CrashLedger): Promise<void> {
    const counts = new Map((await ledger.all()).map(({ taskId, crashes }) => [taskId, crashes]));
    for (const [taskId, crashes] of this.suspects) {
      if (crashes > 0 && !counts.has(taskId)) this.suspects.delete(taskId);
    }
    for (const [taskId, crashes] of counts) this.suspects.set(taskId, crashes);
  }

  private async forget(taskId: string): Promise<void> {
    try {
      await this.ledger?.forget(taskId);
    } catch (error) {
      this.logger.debug({
        msg: 'The crash count of a task could not be deleted; it stays until the task reports again.',
        taskId,
        err: error,
      });
    }
  }

  private close(): void {
    const { journal } = this;
    this.journal = null;
    journal?.close(this.shutdown.crashing);
  }
}
