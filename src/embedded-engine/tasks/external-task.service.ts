import type { CommandExecutor } from '../core/command.executor.js';
import { type BpmnErrorInput, type CompleteInput, type FailureInput, TaskReports } from './task.reports.js';
import { EXTERNAL_TASK_QUERY, type ExternalTaskQuery } from '../query/external-task.query.js';
import { QueryContext } from '../query/query.context.js';
import type { FetchInput, PendingFetch } from './fetch-and-lock.types.js';
import { BadUserRequestError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { PollRegistry } from './poll.registry.js';
import { toError } from './poll.request.js';
import { assertFetch } from './task.checks.js';
import { extendTaskLock, lockTask, unlockTask } from './task.locks.js';
import { setTaskRetries } from './task.retries.js';

/** The external tasks whose retries one command sets: these ids, all of these instances, and all that the query finds. */
interface RetriesSelection {
  readonly externalTaskIds?: readonly string[] | undefined;
  readonly processInstanceIds?: readonly string[] | undefined;
  readonly query?: ExternalTaskQuery | undefined;
}

/** Filters of the tasks whose topics are listed. */
export interface TopicNameQuery {
  readonly withLockedTasks?: true | undefined;
  readonly withUnlockedTasks?: true | undefined;
  readonly withRetriesLeft?: true | undefined;
}

/**
 * The external tasks: what workers fetch, and what they report. Every command throws NotFound for an unknown id and
 * BadUserRequest for another worker's task.
 */
export class ExternalTaskService {
  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly polls: PollRegistry,
    private readonly stepLimit: number,
  ) {}

  fetchAndLock(input: FetchInput): PendingFetch {
    try {
      assertFetch(input);
      return this.polls.fetch(input);
    } catch (error) {
      return {
        tasks: Promise.reject(toError(error)),
        cancel: () => undefined,
      };
    }
  }

  complete(id: string, input: CompleteInput): Promise<void> {
    return this.report((reports) => {
      reports.complete(id, input);
    });
  }

  handleFailure(id: string, input: FailureInput): Promise<void> {
    return this.report((reports) => {
      reports.failure(id, input);
    });
  }

  handleBpmnError(id: string, input: BpmnErrorInput): Promise<void> {
    return this.report((reports) => {
      reports.bpmnError(id, input);
    });
  }

  lock(id: string, workerId: string | null, lockDuration: number | null): Promise<void> {
    return this.executor.run((work) => {
      lockTask(work, id, workerId, lockDuration);
    });
  }

  extendLock(id: string, workerId: string | null, newDuration: number | null): Promise<void> {
    return this.executor.run((work) => {
      extendTaskLock(work, id, workerId, newDuration);
    });
  }

  unlock(id: string): Promise<void> {
    return this.executor.run((work) => {
      unlockTask(work, id);
    });
  }

  setRetries(id: string, retries: number): Promise<void> {
    return this.executor.run((work) => {
      setTaskRetries(work, id, retries);
    });
  }

  /** All or none; ids, those of the instances and those of the query together. */
  setRetriesOfMany(selection: RetriesSelection, retries: number): Promise<void> {
    return this.executor.run((work) => {
      const ids = this.select(selection);
      if (ids.size === 0) throw new BadUserRequestError('externalTaskIds is empty');
      for (const id of ids) setTaskRetries(work, id, retries);
    });
  }

  setPriority(id: string, priority: number): Promise<void> {
    return this.executor.run((work) => {
      work.saveTask({ ...work.task(id), priority });
    });
  }

  find(query: ExternalTaskQuery): readonly ExternalTaskRecord[] {
    return EXTERNAL_TASK_QUERY.find(this.candidates(query), query, this.context());
  }

  count(query: ExternalTaskQuery): number {
    return EXTERNAL_TASK_QUERY.count(this.candidates(query), query, this.context());
  }

  findOne(id: string): ExternalTaskRecord | null {
    return this.state.tasks.get(id) ?? null;
  }

  findTopicNames(query: TopicNameQuery): readonly string[] {
    const wanted: ExternalTaskQuery = {
      locked: query.withLockedTasks,
      notLocked: query.withUnlockedTasks,
      withRetriesLeft: query.withRetriesLeft,
    };
    return [...new Set(this.find(wanted).map((task) => task.topicName))].sort();
  }

  /** By id or instance a query looks at no other tasks. */
  private candidates({ externalTaskId, processInstanceId }: ExternalTaskQuery): Iterable<ExternalTaskRecord> {
    if (externalTaskId !== undefined) {
      const task = this.findOne(externalTaskId);
      return task === null ? [] : [task];
    }
    return processInstanceId === undefined
      ? this.state.tasks.values()
      : this.state.tasksOf(processInstanceId);
  }

  private context(): QueryContext {
    return new QueryContext(this.state, this.executor.clock());
  }

  private report(report: (reports: TaskReports) => void): Promise<void> {
    return this.executor.run((work) => {
      report(new TaskReports(work, this.stepLimit));
    });
  }

  private select({
    externalTaskIds = [],
    processInstanceIds = [],
    query,
  }: RetriesSelection): ReadonlySet<string> {
    return new Set([
      ...externalTaskIds,
      ...processInstanceIds.flatMap((instance) => this.state.tasksOf(instance).map((task) => task.id)),
      ...(query === undefined ? [] : this.find(query).map((task) => task.id)),
    ]);
  }
}
