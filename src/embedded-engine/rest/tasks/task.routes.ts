import { USER_TASK_QUERY } from '../../query/user-task.query.js';
import type { UserTaskService } from '../../tasks/user-task.service.js';
import { EngineError } from '../../state/engine.errors.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, nullable, optional, text } from '../http/json.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound, prefixed, RestError, restException } from '../http/rest.error.js';
import { type IdentityLink, linksOf, presentTask } from './task.presenter.js';
import { readVariables } from '../variables/variable.reader.js';
import { writeVariables } from '../variables/variable.writer.js';
import { readRoutes } from '../runtime/variable.routes.js';

/** `/task`. */
export function taskRoutes(tasks: UserTaskService): readonly Route[] {
  return [
    ...queryRoutes(USER_TASK_QUERY, {
      find: (query) => tasks.find(query),
      count: (query) => tasks.count(query),
      present: presentTask,
    }),
    {
      method: 'GET',
      path: '/task/:id',
      handle: (call) => {
        const task = tasks.findOne(call.param('id'));
        if (task === null) throw notFound(`No matching task with id ${call.param('id')}`);
        return ok(presentTask(task));
      },
    },
    { method: 'POST', path: '/task/:id/complete', handle: (call) => complete(tasks, call) },
    { method: 'POST', path: '/task/:id/claim', handle: (call) => claim(tasks, call) },
    { method: 'POST', path: '/task/:id/unclaim', handle: (call) => assign(tasks, call, null) },
    {
      method: 'POST',
      path: '/task/:id/assignee',
      handle: (call) => assign(tasks, call, nullable(call.body(), 'userId', text)),
    },
    { method: 'POST', path: '/task/:id/bpmnError', handle: (call) => bpmnError(tasks, call) },
    {
      method: 'GET',
      path: '/task/:id/identity-links',
      handle: (call) => ok(identityLinks(tasks, call)),
    },
    ...readRoutes({
      path: '/task/:id/variables',
      name: 'task',
      find: (id) => tasks.findVariables(id),
      unknown: (id) => `task ${id} doesn't exist: task is null`,
    }),
  ];
}

function complete(tasks: UserTaskService, call: RouteCall): Promise<EngineResponse> {
  const id = call.param('id');
  return prefixed(`Cannot complete task ${id}`, async () => {
    const body = call.body();
    const withVariables = optional(body, 'withVariablesInReturn', boolean) ?? false;
    const variables = await tasks.complete(id, readVariables(body.variables));
    return withVariables ? ok(writeVariables(variables)) : noContent();
  });
}

/** The response for an unknown task is 404 here; for a missing code it is 400. */
async function bpmnError(tasks: UserTaskService, call: RouteCall): Promise<EngineResponse> {
  const body = call.body();
  const errorCode = nullable(body, 'errorCode', text);
  if (errorCode === null || errorCode === '')
    throw new RestError(400, 'RestException', 'errorCode is null', 0);
  const errorMessage = nullable(body, 'errorMessage', text);
  const variables = readVariables(body.variables);
  try {
    await tasks.handleBpmnError(call.param('id'), { errorCode, errorMessage, variables });
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NullValue')
      throw restException(error, 404, error.message);
    if (error instanceof EngineError && error.kind === 'BadUserRequest')
      throw restException(error, 400, error.message);
    throw error;
  }
  return noContent();
}

/** IdentityLinkDtos of a task, only those of one `type` if the query names it. */
function identityLinks(tasks: UserTaskService, call: RouteCall): readonly IdentityLink[] {
  const id = call.param('id');
  const task = tasks.findOne(id);
  if (task === null)
    throw new RestError(500, 'NullValueException', `Cannot find task with id ${id}: task is null`, 0);
  const type = nullable(call.query, 'type', text);
  return linksOf(task).filter((link) => type === null || link.type === type);
}

/** A claim without a user removes the assignee. For a task of another user Camunda responds with 500, not 400. */
async function claim(tasks: UserTaskService, call: RouteCall): Promise<EngineResponse> {
  const [id, userId] = [call.param('id'), nullable(call.body(), 'userId', text)];
  try {
    await (userId === null ? tasks.setAssignee(id, null) : tasks.claim(id, userId));
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'BadUserRequest')
      throw new RestError(500, 'TaskAlreadyClaimedException', error.message, error.engineCode);
    throw error;
  }
  return noContent();
}

/** The response for an unknown task is 400 here and 500 elsewhere. */
async function assign(
  tasks: UserTaskService,
  call: RouteCall,
  userId: string | null,
): Promise<EngineResponse> {
  try {
    await tasks.setAssignee(call.param('id'), userId);
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'NullValue')
      throw new RestError(400, 'NotFoundException', error.message, error.engineCode);
    throw error;
  }
  return noContent();
}
