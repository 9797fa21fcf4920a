import { Injectable } from '@nestjs/common';
import { ProblemError } from '../../common/errors/index.js';
import { stringifyJson } from '../../common/json/index.js';
import type {
  FoundTask,
  ShownTask,
  TaskObstacle,
  TaskPage,
  TaskSuccession,
} from '../commands/process-task.js';
import { engineUnavailable, unacceptableVariables, variablesRefused } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import { encodeTaskCursor } from './task-cursor.js';

const CACHE_HEADERS = { 'cache-control': 'private, no-cache' };

/** Makes the answers of the routes for tasks of people. */
@Injectable()
export class ProcessTaskPresenter {
  constructor(private readonly processes: ProcessViewPresenter) {}

  /** The answer with a page of tasks. @throws ProblemError `engine-unavailable` */
  list(result: TaskPage | TaskObstacle): ProcessAnswer {
    if (result.kind !== 'page') throw this.problem(result);
    const { tasks, next } = result;
    const nextCursor = next === null ? null : encodeTaskCursor(next);
    return ok({ count: tasks.length, tasks: tasks.map(viewOf), nextCursor });
  }

  /** The answer with one task. @throws ProblemError for every obstacle */
  task(result: FoundTask | TaskObstacle): ProcessAnswer {
    if (result.kind !== 'task') throw this.problem(result);
    return ok(viewOf(result.task));
  }

  /**
   * The answer to a completion: that of a start, with the open tasks of the process.
   *
   * @throws ProblemError for every obstacle
   */
  succession(result: TaskSuccession | TaskObstacle): ProcessAnswer {
    if (result.kind !== 'left') throw this.problem(result);
    const answer = this.processes.answer(result.record, { location: true });
    const nextTasks = textOf(result.nextTasks.map(viewOf));
    return { ...answer, body: `${answer.body.slice(0, -1)},"nextTasks":${nextTasks}}` };
  }

  private problem(obstacle: TaskObstacle): ProblemError {
    switch (obstacle.kind) {
      case 'unknown':
        return new ProblemError('unknown-task', 'No process of this service has an open task with this id.');
      case 'claimed': {
        const { record, assignee } = obstacle;
        return new ProblemError(
          'task-claimed',
          'Another user has the task; assignee says who. It is unchanged.',
          {
            members: { ...this.about(record), assignee },
          },
        );
      }
      case 'ended': {
        const { record, assignee, endedAt, completed } = obstacle;
        const how = completed ? 'completed' : 'ended by the process or an operator';
        return new ProblemError('task-ended', `The task was ${how} before. Nothing was changed.`, {
          members: { ...this.about(record), assignee, endedAt: endedAt.toISOString() },
        });
      }
      case 'refused':
        return new ProblemError(
          'task-refused',
          `The process engine refused it, and the task is still open: ${obstacle.reason}`,
          { members: this.about(obstacle.record) },
        );
      case 'unacceptable-variables':
        return unacceptableVariables(obstacle.faults);
      case 'bad-variables':
        return variablesRefused(obstacle.cause);
      case 'engine-unavailable':
        return engineUnavailable(obstacle.inDoubt, obstacle.cause);
    }
  }

  private about({ correlationId, status }: { readonly correlationId: string; readonly status: string }) {
    return { correlationId, processStatus: status, statusUrl: this.processes.statusUrl(correlationId) };
  }
}

function ok(body: unknown): ProcessAnswer {
  return { httpStatus: 200, headers: CACHE_HEADERS, body: textOf(body) };
}

/** JSON text; integers beyond 2^53 keep all digits. */
function textOf(value: unknown): string {
  return stringifyJson(value) ?? 'null';
}

/** A task as clients see it. */
function viewOf({ task, record, candidateUsers, candidateGroups, variables }: ShownTask): object {
  return {
    id: task.id,
    name: task.name ?? null,
    description: task.description ?? null,
    taskDefinitionKey: task.taskDefinitionKey,
    correlationId: record.correlationId,
    processKey: record.processKey,
    assignee: task.assignee ?? null,
    candidateUsers,
    candidateGroups,
    formKey: task.formKey ?? null,
    priority: task.priority,
    suspended: task.suspended,
    createdAt: timeOf(task.created),
    dueDate: timeOf(task.due),
    followUpDate: timeOf(task.followUp),
    ...(variables === null ? {} : { variables }),
  };
}

/** A time of the engine in UTC. */
function timeOf(text: string | null | undefined): string | null {
  return text == null ? null : new Date(text).toISOString();
}
