import { USER_TASK_QUERY } from '../../query/user-task.query.js';
import type { UserTaskService } from '../../tasks/user-task.service.js';
import type { EngineError } from '../../state/engine.errors.js';
import type { UserTaskRecord } from '../../state/records.types.js';
import { get, post, type Route, type RouteCall } from '../http/engine.router.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, nullable, optional, text } from '../http/json.reader.js';
import { queryRoutes } from '../query/query.routes.js';
import {
  command,
  notFound,
  prefixed,
  raise,
  type Refusals,
  RestError,
  restException,
} from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';
import { writeVariables } from '../variables/variable.writer.js';
import { readRoutes } from '../runtime/variable.routes.js';

/** `/task`. */
export function taskRoutes(tasks: UserTaskService): readonly Route[] {
  return [
    ...queryRoutes(USER_TASK_QUERY, tasks, presentTask),
    get('/task/:id', (call) => {
      const id = call.param('id');
      return ok(presentTask(tasks.findOne(id) ?? raise(notFound(`No matching task with id ${id}`))));
    }),
    post('/task/:id/complete', (call) => complete(tasks, call)),
    post('/task/:id/claim', (call) => claim(tasks, call)),
    post('/task/:id/unclaim', (call) => assign(tasks, call, null)),
    post('/task/:id/assignee', (call) => assign(tasks, call, nullable(call.body(), 'userId', text))),
    post('/task/:id/bpmnError', (call) => bpmnError(tasks, call)),
    get('/task/:id/identity-links', (call) => ok(identityLinks(tasks, call))),
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
function bpmnError(tasks: UserTaskService, call: RouteCall): Promise<EngineResponse> {
  const body = call.body();
  const errorCode = nullable(body, 'errorCode', text);
  if (errorCode === null || errorCode === '')
    throw new RestError(400, 'RestException', 'errorCode is null', 0);
  const errorMessage = nullable(body, 'errorMessage', text);
  const variables = readVariables(body.variables);
  const refusals: Refusals = {
    NullValue: (error) => restException(error, 404, error.message),
    BadUserRequest: (error) => restException(error, 400, error.message),
  };
  return command(refusals, () =>
    tasks.handleBpmnError(call.param('id'), { errorCode, errorMessage, variables }),
  );
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
function claim(tasks: UserTaskService, call: RouteCall): Promise<EngineResponse> {
  const [id, userId] = [call.param('id'), nullable(call.body(), 'userId', text)];
  return command({ BadUserRequest: alreadyClaimed }, () =>
    userId === null ? tasks.setAssignee(id, null) : tasks.claim(id, userId),
  );
}

function alreadyClaimed({ camundaClass, message, engineCode }: EngineError): RestError | undefined {
  // A suspended task is refused as every other command on it.
  if (camundaClass !== 'TaskAlreadyClaimedException') return undefined;
  return new RestError(500, 'TaskAlreadyClaimedException', message, engineCode);
}

/** The response for an unknown task is 400 here and 500 elsewhere. */
function assign(tasks: UserTaskService, call: RouteCall, userId: string | null): Promise<EngineResponse> {
  const unknown = ({ message, engineCode }: EngineError) =>
    new RestError(400, 'NotFoundException', message, engineCode);
  return command({ NullValue: unknown }, () => tasks.setAssignee(call.param('id'), userId));
}

/** TaskDto. The record does not contain updates of a task, so `lastUpdated` is null and the state is `Created`. */
function presentTask(task: UserTaskRecord): Record<string, unknown> {
  return {
    id: task.id,
    name: task.name,
    assignee: task.assignee,
    created: formatDate(task.createTime),
    due: formatNullableDate(task.dueDate),
    followUp: formatNullableDate(task.followUpDate),
    lastUpdated: null,
    delegationState: null,
    description: task.description,
    executionId: task.executionId,
    owner: task.owner,
    parentTaskId: null,
    priority: task.priority,
    processDefinitionId: task.processDefinitionId,
    processInstanceId: task.processInstanceId,
    taskDefinitionKey: task.activityId,
    caseExecutionId: null,
    caseInstanceId: null,
    caseDefinitionId: null,
    suspended: task.suspended,
    formKey: task.formKey,
    camundaFormRef: null,
    tenantId: task.tenantId,
    taskState: 'Created',
  };
}

/** IdentityLinkDto. */
interface IdentityLink {
  readonly userId: string | null;
  readonly groupId: string | null;
  readonly type: 'assignee' | 'owner' | 'candidate';
}

/** The users and groups of a task. */
function linksOf(task: UserTaskRecord): readonly IdentityLink[] {
  const { assignee, owner, candidateUsers, candidateGroups } = task;
  return [
    ...(assignee === null ? [] : [{ userId: assignee, groupId: null, type: 'assignee' } as const]),
    ...(owner === null ? [] : [{ userId: owner, groupId: null, type: 'owner' } as const]),
    ...candidateUsers.map((userId) => ({ userId, groupId: null, type: 'candidate' }) as const),
    ...candidateGroups.map((groupId) => ({ userId: null, groupId, type: 'candidate' }) as const),
  ];
}
