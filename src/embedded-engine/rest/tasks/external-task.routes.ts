import { EXTERNAL_TASK_QUERY } from '../../query/external-task.query.js';
import type { ExternalTaskService } from '../../tasks/external-task.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { NullValueError } from '../../state/engine.errors.js';
import { get, put, type Route, type RouteCall } from '../http/engine.router.js';
import { presentExternalTask } from './external-task.presenter.js';
import { ok, textOrNoContent, type EngineResponse } from '../http/http.types.js';
import { integer, isRecord, list, long, optional, type JsonRecord } from '../http/json.reader.js';
import { PROCESS_INSTANCE_QUERY } from '../../query/process-instance.query.js';
import { flag, readFilters } from '../query/query.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import {
  command,
  invalidRequest,
  raise,
  type Refusals,
  REST_EXCEPTIONS,
  RestError,
} from '../http/rest.error.js';

/** `/external-task`, without the requests of workers. */
export function externalTaskRoutes(tasks: ExternalTaskService, runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(EXTERNAL_TASK_QUERY, tasks, presentExternalTask),
    get('/external-task/topic-names', (call) => ok(topicNames(tasks, call.query))),
    put('/external-task/retries', (call) => setRetriesOfMany(tasks, runtime, call)),
    ...singleRoutes(tasks),
  ];
}

/** Reads and changes of one task. */
function singleRoutes(tasks: ExternalTaskService): readonly Route[] {
  const path = '/external-task/:id';
  return [
    get(path, (call) => {
      const id = call.param('id');
      const unknown = `External task with id ${id} does not exist`;
      return ok(
        presentExternalTask(tasks.findOne(id) ?? raise(new RestError(404, 'RestException', unknown))),
      );
    }),
    get(`${path}/errorDetails`, (call) => {
      const id = call.param('id');
      const unknown = `No external task found with id ${id}: externalTask is null`;
      return textOrNoContent((tasks.findOne(id) ?? raise(new NullValueError(unknown))).errorDetails);
    }),
    put(`${path}/retries`, (call) =>
      command(CHANGE, () => tasks.setRetries(call.param('id'), retriesOf(call.body()))),
    ),
    put(`${path}/priority`, (call) => {
      const priority = optional(call.body(), 'priority', long);
      if (priority === undefined) throw invalidRequest('The priority cannot be null.');
      return command(CHANGE, () => tasks.setPriority(call.param('id'), priority));
    }),
  ];
}

/** The refusals of a change. */
const CHANGE: Refusals = {
  ...REST_EXCEPTIONS,
  BadUserRequest: (error) => invalidRequest(error.message),
};

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
    ? runtime.processInstances
        .find(readFilters(PROCESS_INSTANCE_QUERY, instanceQuery))
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
  return command(CHANGE, () => tasks.setRetriesOfMany(selection, retriesOf(body)));
}
