import { Injectable, Logger } from '@nestjs/common';
import { EngineCallError, EngineTasksClient } from '../../camunda-engine/index.js';
import { withinTime } from '../../common/promises/index.js';
import { type ProcessHead, type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import type { ShownTask } from './process-task.js';
import { TaskListService } from './task-list.service.js';
import { TaskProcessFinder } from './task-process.finder.js';

/** Shortest and longest time between two looks at the tasks of a process, in ms. */
const MIN_MS = 100;
const MAX_MS = 2_000;

/** Milliseconds between the looks of all requests together: at most 50 looks a second, however many wait. */
const MS_PER_WAITER = 20;

/** The time between two looks as a share of the time that the request has waited. */
const SHARE_OF_WAIT = 1 / 5;

/** Tasks in one answer. */
const MAX_TASKS = 20;

/** The state of a process at the end of a wait, and its open tasks. */
interface NextStep {
  readonly record: ProcessRecord | null;
  readonly tasks: readonly ShownTask[];
}

/** Waits for what a process does next: its outcome, or a task of a person. */
@Injectable()
export class NextTaskService {
  private readonly logger = new Logger('NextTask');
  private waiters = 0;

  constructor(
    private readonly tasks: EngineTasksClient,
    private readonly list: TaskListService,
    private readonly processes: TaskProcessFinder,
    private readonly store: ProcessStoreService,
  ) {}

  /**
   * Returns as soon as the process has an outcome or an open task, at the latest when the wait has ended.
   *
   * The engine is asked at once and then in an interval that grows from 100 ms to 2 s with the time of the wait, and
   * beyond that with the number of waiting requests.
   *
   * @param wait the waiter for the outcome, which this cancels once a task is open
   */
  async next(record: ProcessHead, wait: Wait<ProcessRecord>): Promise<NextStep> {
    this.waiters += 1;
    try {
      return await this.look(record, wait);
    } finally {
      this.waiters -= 1;
    }
  }

  private async look(record: ProcessHead, wait: Wait<ProcessRecord>): Promise<NextStep> {
    const since = performance.now();
    for (;;) {
      const tasks = await withinWait(this.openTasks(record), wait);
      if (tasks !== undefined && tasks.length > 0) {
        wait.cancel();
        return { record: await this.store.get(record.correlationId), tasks };
      }
      const byAge = Math.min((performance.now() - since) * SHARE_OF_WAIT, MAX_MS);
      const pauseMs = Math.max(byAge, MIN_MS, this.waiters * MS_PER_WAITER);
      const end = await withinTime(wait.ended, pauseMs);
      if (end?.kind === 'completed') return { record: end.payload, tasks: [] };
      if (end !== undefined) return { record: await this.store.get(record.correlationId), tasks: [] };
    }
  }

  /** The open tasks of a process; empty if the engine cannot be asked. */
  private async openTasks(record: ProcessHead): Promise<readonly ShownTask[]> {
    if (record.processInstanceId === null) return [];
    try {
      const processInstanceIds = await this.processes.instancesOf(record.processInstanceId);
      const open = await this.tasks.findTasks({ processInstanceIds }, null, MAX_TASKS);
      return await this.list.show(
        open.map((task) => ({ task, record })),
        [],
      );
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      this.logger.debug({
        msg: 'The next task could not be read.',
        correlationId: record.correlationId,
        err: error,
      });
      return [];
    }
  }
}

/** A look at the engine that takes no longer than the wait; undefined if the wait has ended first. */
async function withinWait<T>(look: Promise<T>, wait: Wait<ProcessRecord>): Promise<T | undefined> {
  return Promise.race([look, wait.ended.then(() => undefined)]);
}
