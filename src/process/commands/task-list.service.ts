import { Injectable } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import {
  EngineCallError,
  EngineTasksClient,
  type TypedVariables,
  type UserTask,
  type UserTaskFilter,
} from '../../camunda-engine/index.js';
import { shownValue } from '../result/result.variables.js';
import { AccessibleProcessFinder } from './accessible-process.finder.js';
import {
  type FoundTask,
  isAfter,
  type OpenTask,
  positionOf,
  type ShownTask,
  type TaskObstacle,
  type TaskPage,
  type TaskPosition,
  type TaskQuery,
} from './process-task.js';
import { TaskProcessFinder } from './task-process.finder.js';

/** Tasks in the first query of a page. */
const BATCH_SIZE = 200;

/** Queries for one page; a page may therefore have fewer tasks than its limit. */
const MAX_BATCHES = 10;

/** Tasks whose candidates and variables are read at a time. */
const PARALLEL_READS = 8;

const NO_VARIABLES: TypedVariables = {};

/** Lists the open tasks of people in processes of this service. */
@Injectable()
export class TaskListService {
  constructor(
    private readonly tasks: EngineTasksClient,
    private readonly processes: TaskProcessFinder,
    private readonly accessible: AccessibleProcessFinder,
  ) {}

  /**
   * A page of tasks in the order of their creation.
   *
   * Tasks that end between two pages neither hide nor repeat others, because a page begins after a creation time and an id
   * and not after a number of rows.
   */
  async list(query: TaskQuery): Promise<TaskPage | Extract<TaskObstacle, { kind: 'engine-unavailable' }>> {
    try {
      const filter = await this.filterOf(query);
      if (filter === null) return { kind: 'page', tasks: [], next: null };
      const { open, next } = await this.page(query, filter);
      return { kind: 'page', tasks: await this.show(open, query.variables), next };
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      return { kind: 'engine-unavailable', inDoubt: false, cause: error };
    }
  }

  /**
   * One task.
   *
   * @param access the processes whose tasks the caller may see
   */
  async get(
    id: string,
    variables: readonly string[],
    access = ProcessAccess.all,
  ): Promise<FoundTask | TaskObstacle> {
    try {
      const task = await this.find(id, access);
      const [shown] = task === null ? [] : await this.show([task], variables);
      return shown === undefined ? { kind: 'unknown' } : { kind: 'task', task: shown };
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      return { kind: 'engine-unavailable', inDoubt: false, cause: error };
    }
  }

  /**
   * An open task of a process of this service; null if there is none with this id, or the caller may not see it.
   *
   * @throws EngineCallError
   */
  async find(id: string, access = ProcessAccess.all): Promise<OpenTask | null> {
    const task = await this.tasks.getTask(id);
    if (task === null) {
      // As many calls as for a task that the caller may not see, so that the two take the same time.
      if (!access.isAll) await this.processes.find([id]);
      return null;
    }
    const record = (await this.processes.find([task.processInstanceId])).get(task.processInstanceId);
    return record === undefined || !access.allows(record) ? null : { task, record };
  }

  /**
   * Adds the candidates and the named variables; leaves out tasks that have ended meanwhile.
   *
   * @throws EngineCallError
   */
  async show(open: readonly OpenTask[], variables: readonly string[]): Promise<readonly ShownTask[]> {
    const shown: ShownTask[] = [];
    for (let from = 0; from < open.length; from += PARALLEL_READS) {
      const some = open.slice(from, from + PARALLEL_READS);
      const read = await Promise.all(some.map((task) => this.showOne(task, variables)));
      shown.push(...read.flatMap((task) => task ?? []));
    }
    return shown;
  }

  private async showOne(open: OpenTask, names: readonly string[]): Promise<ShownTask | null> {
    const { id } = open.task;
    const [candidates, visible] = await Promise.all([
      this.tasks.findCandidates(id),
      names.length === 0 ? NO_VARIABLES : this.tasks.findVariables(id),
    ]);
    if (candidates === null || visible === null) return null;
    const variables = Object.create(null) as Record<string, unknown>;
    for (const name of names) {
      const variable = Object.hasOwn(visible, name) ? visible[name] : undefined;
      const { type = 'Null', value, valueInfo } = variable ?? {};
      variables[name] = shownValue({ type, value, valueInfo: valueInfo == null ? null : { ...valueInfo } });
    }
    return {
      ...open,
      candidateUsers: candidates.users,
      candidateGroups: candidates.groups,
      variables: names.length === 0 ? null : variables,
    };
  }

  /** The filter for the engine; null if no task can match. */
  private async filterOf({
    correlationId,
    assignee,
    candidateGroup,
    name,
    access = ProcessAccess.all,
  }: TaskQuery): Promise<UserTaskFilter | null> {
    const filter: UserTaskFilter = {
      ...(assignee === undefined ? {} : { assignee }),
      ...(candidateGroup === undefined ? {} : { candidateGroup }),
      ...(name === undefined ? {} : { name }),
    };
    if (correlationId === undefined) return filter;
    const record = await this.accessible.find(correlationId, access);
    if (record?.processInstanceId == null) return null;
    return { ...filter, processInstanceIds: await this.processes.instancesOf(record.processInstanceId) };
  }

  private async page(
    { limit, processKey, after: from, access = ProcessAccess.all }: TaskQuery,
    filter: UserTaskFilter,
  ): Promise<{ readonly open: readonly OpenTask[]; readonly next: TaskPosition | null }> {
    const open: OpenTask[] = [];
    let after = from;
    let size = BATCH_SIZE;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      // The engine's filter is exclusive, and several tasks may be of the same millisecond.
      const createdAfter = after === null ? null : new Date(after.createdAt - 1);
      const tasks = await this.tasks.findTasks(filter, createdAfter, size);
      const isLast = tasks.length < size;
      const fresh = newTasks(tasks, after);
      const records = await this.processes.find(fresh.map(({ processInstanceId }) => processInstanceId));
      for (const task of fresh) {
        after = positionOf(task);
        const record = records.get(task.processInstanceId);
        if (record === undefined || !access.allows(record)) continue;
        if (processKey !== undefined && record.processKey !== processKey) continue;
        open.push({ task, record });
        if (open.length < limit) continue;
        return { open, next: isLast && task === fresh.at(-1) ? null : after };
      }
      if (isLast) return { open, next: null };
      // More tasks than the query returned are of one millisecond.
      if (fresh.length === 0) size *= 2;
    }
    return { open, next: after };
  }
}

function newTasks(tasks: readonly UserTask[], after: TaskPosition | null): readonly UserTask[] {
  return after === null ? tasks : tasks.filter((task) => isAfter(task, after));
}
