import { EXTERNAL_TASK_QUERY } from '../../query/external-task.query.js';
import type { ExternalTaskService } from '../../tasks/external-task.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { EngineError, NullValueError } from '../../state/engine.errors.js';
import type { ExternalTaskRecord } from '../../state/records.types.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { presentExternalTask } from './external-task.presenter.js';
import { noContent, ok, textOrNoContent, type EngineResponse } from '../http/http.types.js';
import { integer, isRecord, list, long, optional, type JsonRecord } from '../http/json.reader.js';
import { PROCESS_INSTANCE_QUERY } from '../../query/process-instance.query.js';
import { flag, readFilters } from '../query/query.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { invalidRequest, restException, RestError } from '../http/rest.error.js';

/** `/external-task`, without the requests of workers. */
export function externalTaskRoutes(tasks: ExternalTaskService, runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(EXTERNAL_TASK_QUERY, {
      find: (query) => tasks.find(query),
      count: (query) => tasks.count(query),
      present: presentExternalTask,
    }),
    {
      method: 'GET',
      path: '/external-task/topic-names',
      handle: (call) => ok(topicNames(tasks, call.query)),
    },
    {
      method: 'PUT',
      path: '/external-task/retries',
      handle: (call) => setRetriesOfMany(tasks, runtime, call),
    },
    ...singleRoutes(tasks),
  ];
}

/** Reads and changes of one task. */
function singleRoutes(tasks: ExternalTaskService): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/external-task/:id',
      handle: (call) => ok(presentExternalTask(taskOf(tasks, call))),
    },
    {
      method: 'GET',
      path: '/external-task/:id/errorDetails',
      handle: (call) => {
        const task = tasks.findOne(call.param('id'));
        if (task === null)
          throw new NullValueError(
            `No external task found with id ${call.param('id')}: externalTask is null`,
          );
        return textOrNoContent(task.errorDetails);
      },
    },
    {
      method: 'PUT',
      path: '/external-task/:id/retries',
      handle: (call) => runChange(() => tasks.setRetries(call.param('id'), retriesOf(call.body()))),
    },
    {
      method: 'PUT',
      path: '/external-task/:id/priority',
      handle: (call) =>
        runChange(() => {
          const priority = optional(call.body(), 'priority', long);
          if (priority === undefined) throw invalidRequest('The priority cannot be null.');
          return tasks.setPriority(call.param('id'), priority);
        }),
    },
  ];
}

async function runChange(run: () => Promise<void>): Promise<EngineResponse> {
  try {
    await run();
    return noContent();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NotFound')
      throw restException(error, 404, error.message);
    if (error instanceof EngineError && error.kind === 'BadUserRequest') throw invalidRequest(error.message);
    throw error;
  }
}

function taskOf(tasks: ExternalTaskService, call: RouteCall): ExternalTaskRecord {
  const task = tasks.findOne(call.param('id'));
  if (task === null)
    throw new RestError(404, 'RestException', `External task with id ${call.param('id')} does not exist`);
  return task;
}

function retriesOf(body: JsonRecord): number {
  const retries = optional(body, 'retries', integer);
  if (retries === undefined) throw invalidRequest('The number of retries cannot be null.');
  return retries;
}

function topicNames(tasks: ExternalTaskService, query: JsonRecord): readonly string[] {
  return tasks.findTopicNames({
    withLockedTasks: optional(query, 'withLockedTasks', flag),
    withUnlockedTasks: optional(query, 'withUnlockedTasks', flag),
    withRetriesLeft: optional(query, 'withRetriesLeft', flag),
  });
}

async function setRetriesOfMany(
  tasks: ExternalTaskService,
  runtime: RuntimeService,
  call: RouteCall,
): Promise<EngineResponse> {
  const body = call.body();
  const [taskQuery, instanceQuery] = [body.externalTaskQuery, body.processInstanceQuery];
  const instanceIds = optional(body, 'processInstanceIds', list);
  const queriedIds = isRecord(instanceQuery)
    ? runtime
        .findProcessInstances(readFilters(PROCESS_INSTANCE_QUERY, instanceQuery))
        .map((instance) => instance.id)
    : [];
  const selection = {
    externalTaskIds: optional(body, 'externalTaskIds', list),
    processInstanceIds:
      instanceIds === undefined && queriedIds.length === 0
        ? undefined
        : [...(instanceIds ?? []), ...queriedIds],
    query: isRecord(taskQuery) ? readFilters(EXTERNAL_TASK_QUERY, taskQuery) : undefined,
  };
  return runChange(() => tasks.setRetriesOfMany(selection, retriesOf(body)));
}
