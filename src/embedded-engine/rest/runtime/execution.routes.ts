import { EXECUTION_QUERY } from '../../query/execution.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { MessageService } from '../../messages/message.service.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { presentSubscription } from './event-subscription.presenter.js';
import { presentExecution } from './execution.presenter.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound, prefixed } from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';

/** `/execution`, without its variables. */
export function executionRoutes(runtime: RuntimeService, messages: MessageService): readonly Route[] {
  return [
    ...queryRoutes(EXECUTION_QUERY, {
      find: (query) => runtime.findExecutions(query),
      count: (query) => runtime.countExecutions(query),
      present: presentExecution,
    }),
    {
      method: 'GET',
      path: '/execution/:id',
      handle: (call) => {
        const execution = runtime.findExecution(call.param('id'));
        if (execution === null) throw notFound(`Execution with id ${call.param('id')} does not exist`);
        return ok(presentExecution(execution));
      },
    },
    { method: 'POST', path: '/execution/:id/signal', handle: (call) => signal(runtime, call) },
    {
      method: 'GET',
      path: '/execution/:id/messageSubscriptions/:messageName',
      handle: (call) => subscription(messages, call),
    },
    {
      method: 'POST',
      path: '/execution/:id/messageSubscriptions/:messageName/trigger',
      handle: (call) => trigger(messages, call),
    },
  ];
}

function signal(runtime: RuntimeService, call: RouteCall): Promise<EngineResponse> {
  const id = call.param('id');
  return prefixed(`Cannot signal execution ${id}`, async () => {
    await runtime.signal(id, readVariables(call.body().variables));
    return noContent();
  });
}

function subscription(messages: MessageService, call: RouteCall): EngineResponse {
  const [executionId, eventName] = [call.param('id'), call.param('messageName')];
  const [found] = messages.findSubscriptions({ executionId, eventName, eventType: 'message' });
  if (found === undefined) {
    throw notFound(
      `Message event subscription for execution ${executionId} named ${eventName} does not exist`,
    );
  }
  return ok(presentSubscription(found));
}

function trigger(messages: MessageService, call: RouteCall): Promise<EngineResponse> {
  const [id, messageName] = [call.param('id'), call.param('messageName')];
  return prefixed(`Cannot trigger message ${messageName} for execution ${id}`, async () => {
    await messages.trigger(id, messageName, readVariables(call.body().variables));
    return noContent();
  });
}
