import type { ExternalTaskQuery, ExternalTaskService, RuntimeService } from '../core/engine-api.types.js';
import { EngineError } from '../core/engine.errors.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import type { Route, RouteCall } from './engine.router.js';
import { presentExternalTask, presentLockedTask } from './external-task.presenter.js';
import { readFetch } from './fetch-and-lock.reader.js';
import { bytes, noContent, ok, type EngineResponse } from './http.types.js';
import { integer, isRecord, list, nullable, optional, text, type JsonRecord } from './json.reader.js';
import { PROCESS_INSTANCE_FILTERS } from './process-instance.routes.js';
import { date, flag, readFilters, variableFilters, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { invalidRequest, notFound, restException } from './rest.error.js';
import { readVariables } from './variable.mapper.js';

const FILTERS: FilterTable<ExternalTaskQuery> = {
  externalTaskId: text,
  externalTaskIdIn: list,
  topicName: text,
  workerId: text,
  locked: flag,
  notLocked: flag,
  withRetriesLeft: flag,
  noRetriesLeft: flag,
  lockExpirationBefore: date,
  lockExpirationAfter: date,
  activityId: text,
  activityIdIn: list,
  executionId: text,
  processInstanceId: text,
  processInstanceIdIn: list,
  processDefinitionId: text,
  processDefinitionKey: text,
  processDefinitionKeyIn: list,
  processDefinitionName: text,
  processDefinitionNameLike: text,
  processVariables: variableFilters,
  active: flag,
  suspended: flag,
  priorityHigherThanOrEquals: integer,
  priorityLowerThanOrEquals: integer,
  tenantIdIn: list,
};

/** `/external-task`. */
export function externalTaskRoutes(tasks: ExternalTaskService, runtime: RuntimeService): readonly Route[] {
  return [
    { method: 'POST', path: '/external-task/fetchAndLock', handle: (call) => fetchAndLock(tasks, call) },
    ...queryRoutes<ExternalTaskQuery, ExternalTaskRecord>({
      path: '/external-task',
      filters: FILTERS,
      sortKeys: [
        'id',
        'lockExpirationTime',
        'processInstanceId',
        'processDefinitionId',
        'processDefinitionKey',
        'tenantId',
        'taskPriority',
        'createTime',
      ],
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
    ...commandRoutes(tasks),
    ...singleRoutes(tasks),
  ];
}

/** What a worker sends about its task. */
function commandRoutes(tasks: ExternalTaskService): readonly Route[] {
  const command = (name: string, run: (id: string, body: JsonRecord) => Promise<void>): Route => ({
    method: 'POST',
    path: `/external-task/:id/${name}`,
    handle: (call) => runCommand(() => run(call.param('id'), call.body())),
  });
  const worker = (body: JsonRecord): string | null => nullable(body, 'workerId', text);
  return [
    command('complete', (id, body) =>
      tasks.complete(id, {
        workerId: worker(body),
        variables: readVariables(body.variables),
        localVariables: readVariables(body.localVariables),
      }),
    ),
    command('failure', (id, body) =>
      tasks.handleFailure(id, {
        workerId: worker(body),
        errorMessage: nullable(body, 'errorMessage', text),
        errorDetails: nullable(body, 'errorDetails', text),
        // Absent is 0 in Camunda, and so an incident at once.
        retries: optional(body, 'retries', integer) ?? 0,
        retryTimeout: optional(body, 'retryTimeout', integer) ?? 0,
        variables: readVariables(body.variables),
        localVariables: readVariables(body.localVariables),
      }),
    ),
    command('bpmnError', (id, body) =>
      tasks.handleBpmnError(id, {
        workerId: worker(body),
        errorCode: nullable(body, 'errorCode', text),
        errorMessage: nullable(body, 'errorMessage', text),
        variables: readVariables(body.variables),
      }),
    ),
    command('lock', (id, body) => tasks.lock(id, worker(body), nullable(body, 'lockDuration', integer))),
    command('extendLock', (id, body) =>
      tasks.extendLock(id, worker(body), nullable(body, 'newDuration', integer)),
    ),
    command('unlock', (id) => tasks.unlock(id)),
  ];
}

/** Reads and repairs of one task. */
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
        const { errorDetails } = taskOf(tasks, call);
        return errorDetails === null ? noContent() : bytes(Buffer.from(errorDetails), 'text/plain');
      },
    },
    {
      method: 'PUT',
      path: '/external-task/:id/retries',
      handle: (call) => runRepair(() => tasks.setRetries(call.param('id'), retriesOf(call.body()))),
    },
    {
      method: 'PUT',
      path: '/external-task/:id/priority',
      handle: (call) =>
        runRepair(() => {
          const priority = optional(call.body(), 'priority', integer);
          if (priority === undefined) throw invalidRequest('The priority cannot be null.');
          return tasks.setPriority(call.param('id'), priority);
        }),
    },
  ];
}

async function fetchAndLock(tasks: ExternalTaskService, call: RouteCall): Promise<EngineResponse> {
  const fetch = tasks.fetchAndLock(readFetch(call.body()));
  call.request.onDisconnect(() => {
    fetch.cancel();
  });
  return ok((await fetch.tasks).map(presentLockedTask));
}

/** Runs a command; Camunda's resource wraps what it knows, and lets the rest through under its own class. */
async function runCommand(run: () => Promise<void>): Promise<EngineResponse> {
  try {
    await run();
    return noContent();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NotFound')
      throw restException(error, 404, error.message);
    if (error instanceof EngineError && error.kind === 'BadUserRequest')
      throw restException(error, 400, error.message);
    throw error;
  }
}

async function runRepair(run: () => Promise<void>): Promise<EngineResponse> {
  try {
    await run();
    return noContent();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NotFound')
      throw notFound(error.message, error.engineCode);
    if (error instanceof EngineError && error.kind === 'BadUserRequest') throw invalidRequest(error.message);
    throw error;
  }
}

function taskOf(tasks: ExternalTaskService, call: RouteCall): ExternalTaskRecord {
  const task = tasks.findOne(call.param('id'));
  if (task === null) throw notFound(`External task with id ${call.param('id')} does not exist`);
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
        .findProcessInstances(readFilters(PROCESS_INSTANCE_FILTERS, instanceQuery))
        .map((instance) => instance.id)
    : [];
  const selection = {
    externalTaskIds: optional(body, 'externalTaskIds', list),
    processInstanceIds:
      instanceIds === undefined && queriedIds.length === 0
        ? undefined
        : [...(instanceIds ?? []), ...queriedIds],
    query: isRecord(taskQuery) ? readFilters(FILTERS, taskQuery) : undefined,
  };
  return runRepair(() => tasks.setRetriesOfMany(selection, retriesOf(body)));
}
