import type { ExternalTaskService } from '../../tasks/external-task.service.js';
import { post, type Route, type RouteCall } from '../http/engine.router.js';
import { presentLockedTask } from './external-task.presenter.js';
import { readFetch } from './fetch-and-lock.reader.js';
import { ok, type EngineResponse } from '../http/http.types.js';
import { integer, long, nullable, optional, text, type JsonRecord } from '../http/json.reader.js';
import { command, REST_EXCEPTIONS } from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';

/** The requests of workers: `POST /external-task/fetchAndLock` and `POST /external-task/{id}/…`. */
export function workerRoutes(tasks: ExternalTaskService): readonly Route[] {
  return [post('/external-task/fetchAndLock', (call) => fetchAndLock(tasks, call)), ...commandRoutes(tasks)];
}

/** The commands of a worker on its task. */
function commandRoutes(tasks: ExternalTaskService): readonly Route[] {
  const route = (name: string, run: (id: string, body: JsonRecord) => Promise<void>): Route =>
    post(`/external-task/:id/${name}`, (call) =>
      command(REST_EXCEPTIONS, () => run(call.param('id'), call.body())),
    );
  const worker = (body: JsonRecord): string | null => nullable(body, 'workerId', text);
  return [
    route('complete', (id, body) =>
      tasks.complete(id, {
        workerId: worker(body),
        variables: readVariables(body.variables),
        localVariables: readVariables(body.localVariables),
      }),
    ),
    route('failure', (id, body) =>
      tasks.handleFailure(id, {
        workerId: worker(body),
        errorMessage: nullable(body, 'errorMessage', text),
        errorDetails: nullable(body, 'errorDetails', text),
        // Absent is 0 in Camunda, which creates an incident at once.
        retries: optional(body, 'retries', integer) ?? 0,
        retryTimeout: optional(body, 'retryTimeout', long) ?? 0,
        variables: readVariables(body.variables),
        localVariables: readVariables(body.localVariables),
      }),
    ),
    route('bpmnError', (id, body) =>
      tasks.handleBpmnError(id, {
        workerId: worker(body),
        errorCode: nullable(body, 'errorCode', text),
        errorMessage: nullable(body, 'errorMessage', text),
        variables: readVariables(body.variables),
      }),
    ),
    route('lock', (id, body) => tasks.lock(id, worker(body), nullable(body, 'lockDuration', long))),
    route('extendLock', (id, body) =>
      tasks.extendLock(id, worker(body), nullable(body, 'newDuration', long)),
    ),
    route('unlock', (id) => tasks.unlock(id)),
  ];
}

async function fetchAndLock(tasks: ExternalTaskService, call: RouteCall): Promise<EngineResponse> {
  const { sharesProcess = false } = call.request;
  const fetch = tasks.fetchAndLock({ sharesProcess, ...readFetch(call.body()) });
  call.request.onDisconnect(() => {
    fetch.cancel();
  });
  return ok((await fetch.tasks).map(presentLockedTask));
}
