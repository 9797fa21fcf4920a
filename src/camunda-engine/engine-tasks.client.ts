import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EngineConnection } from './engine.connection.js';
import { EngineResponseError } from './engine.errors.js';
import {
  type EndedUserTask,
  endedUserTaskSchema,
  identityLinkSchema,
  processInstanceSchema,
  taskVariablesSchema,
  type UserTask,
  userTaskSchema,
} from './engine.schemas.js';
import { toEngineDate, type TypedVariables } from './typed-variables.mapper.js';

/** Selects open user tasks; an absent member selects all. */
export interface UserTaskFilter {
  readonly processInstanceIds?: readonly string[];
  readonly assignee?: string;
  /** A group that may claim the task; as in the engine only tasks without an assignee. */
  readonly candidateGroup?: string;
  readonly name?: string;
}

/** The users and groups that may claim a task. */
interface TaskCandidates {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/**
 * Open user tasks of people, over the Camunda 7 REST API.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes. For a command on a task that is no
 * longer open it is one for which {@link isTaskGone} is true.
 */
@Injectable()
export class EngineTasksClient {
  constructor(private readonly connection: EngineConnection) {}

  /**
   * Open tasks in the order of their creation, then of their ids.
   *
   * @param createdAfter exclusive; null: from the first task on
   * @returns the first `maxResults` of them
   */
  findTasks(
    { processInstanceIds, ...filter }: UserTaskFilter,
    createdAfter: Date | null,
    maxResults: number,
  ): Promise<UserTask[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/task',
        query: { maxResults },
        json: {
          ...filter,
          ...(processInstanceIds === undefined ? {} : { processInstanceIdIn: processInstanceIds }),
          ...(createdAfter === null ? {} : { createdAfter: toEngineDate(createdAfter) }),
          sorting: [
            { sortBy: 'created', sortOrder: 'asc' },
            { sortBy: 'id', sortOrder: 'asc' },
          ],
        },
      },
      z.array(userTaskSchema),
    );
  }

  /** An open task; null if it has ended or never existed. */
  getTask(id: string): Promise<UserTask | null> {
    return nullIfGone(this.connection.read({ method: 'GET', path: pathOf(id) }, userTaskSchema));
  }

  /** A task that has ended, from the history; null if the history does not have it, or if it is open. */
  async findEndedTask(taskId: string): Promise<EndedUserTask | null> {
    const [task] = await this.connection.read(
      { method: 'GET', path: '/history/task', query: { taskId, finished: true, maxResults: 1 } },
      z.array(endedUserTaskSchema),
    );
    return task ?? null;
  }

  /** The users and groups that may claim a task, in alphabetical order; null if the task is no longer open. */
  async findCandidates(id: string): Promise<TaskCandidates | null> {
    const links = await nullIfGone(
      this.connection.read(
        { method: 'GET', path: `${pathOf(id)}/identity-links`, query: { type: 'candidate' } },
        z.array(identityLinkSchema),
      ),
    );
    if (links === null) return null;
    return {
      users: links.flatMap(({ userId }) => userId ?? []).sort(),
      groups: links.flatMap(({ groupId }) => groupId ?? []).sort(),
    };
  }

  /** The variables that a task sees; serialised objects stay serialised. Null if the task is no longer open. */
  findVariables(id: string): Promise<TypedVariables | null> {
    return nullIfGone(
      this.connection.read(
        { method: 'GET', path: `${pathOf(id)}/variables`, query: { deserializeValues: false } },
        taskVariablesSchema,
      ),
    );
  }

  /** The ids of the running instances that an instance has called. */
  async findCalledInstances(processInstanceId: string): Promise<string[]> {
    const called = await this.connection.readPages('/process-instance', processInstanceSchema, {
      superProcessInstance: processInstanceId,
      sortBy: 'instanceId',
      sortOrder: 'asc',
    });
    return called.map(({ id }) => id);
  }

  /** Makes a user the assignee of a task that has no other assignee. */
  claim(id: string, userId: string): Promise<void> {
    return this.command(id, 'claim', { userId });
  }

  /** Removes the assignee of a task. */
  unclaim(id: string): Promise<void> {
    return this.command(id, 'unclaim', {});
  }

  /** Completes a task. */
  complete(id: string, variables: TypedVariables): Promise<void> {
    return this.command(id, 'complete', { variables });
  }

  /** Raises a BPMN error at a task. */
  raiseBpmnError(
    id: string,
    error: {
      readonly errorCode: string;
      readonly errorMessage: string | null;
      readonly variables: TypedVariables;
    },
  ): Promise<void> {
    return this.command(id, 'bpmnError', error);
  }

  private command(id: string, name: string, json: object): Promise<void> {
    return this.connection.command({ method: 'POST', path: `${pathOf(id)}/${name}`, json });
  }
}

/** True if the engine says that it has no such open task; its status differs between its resources. */
export function isTaskGone(error: unknown): boolean {
  return error instanceof EngineResponseError && (error.status === 404 || GONE.test(error.engineMessage));
}

const GONE = /\btask is null$/;

async function nullIfGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isTaskGone(error)) return null;
    throw error;
  }
}

function pathOf(id: string): string {
  return `/task/${encodeURIComponent(id)}`;
}
