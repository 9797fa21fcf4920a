import { EXECUTION_QUERY, type ExecutionView } from '../../query/execution.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { MessageService } from '../../messages/message.service.js';
import { get, post, type Route, type RouteCall } from '../http/engine.router.js';
import { presentSubscription } from './event-subscription.routes.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound, prefixed, raise } from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';

/** `/execution`, without its variables. */
export function executionRoutes(runtime: RuntimeService, messages: MessageService): readonly Route[] {
  return [
    ...queryRoutes(EXECUTION_QUERY, runtime.executions, presentExecution),
    get('/execution/:id', (call) => {
      const id = call.param('id');
      const execution = runtime.findExecution(id);
      return ok(presentExecution(execution ?? raise(notFound(`Execution with id ${id} does not exist`))));
    }),
    post('/execution/:id/signal', (call) => signal(runtime, call)),
    get('/execution/:id/messageSubscriptions/:messageName', (call) => subscription(messages, call)),
    post('/execution/:id/messageSubscriptions/:messageName/trigger', (call) => trigger(messages, call)),
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
  const [found] = messages.subscriptions.find({ executionId, eventName, eventType: 'message' });
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

/** ExecutionDto. */
export function presentExecution(execution: ExecutionView): Record<string, unknown> {
  return {
    id: execution.id,
    processInstanceId: execution.processInstanceId,
    ended: execution.ended,
    tenantId: execution.tenantId,
  };
}
