import type { CorrelationInput, CorrelationResult } from '../../messages/correlation.js';
import type { MessageService } from '../../messages/message.service.js';
import { BadUserRequestError, EngineError } from '../../state/engine.errors.js';
import { post, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, nullable, optional, text, type JsonRecord } from '../http/json.reader.js';
import { invalidRequest, prefixed, restException } from '../http/rest.error.js';
import { readVariables } from '../variables/variable.reader.js';
import { writeVariables } from '../variables/variable.writer.js';
import { presentExecution } from './execution.routes.js';
import { presentProcessInstance } from './process-instance.presenter.js';

const TENANT_OF_ONE_INSTANCE =
  'ENGINE-13028 Cannot specify a tenant-id when correlate a message to a single process instance.';
const MISMATCH = 'MismatchingMessageCorrelationException';

/** `POST /message`. */
export function messageRoutes(messages: MessageService): readonly Route[] {
  return [post('/message', (call) => deliver(messages, call))];
}

async function deliver(messages: MessageService, call: RouteCall): Promise<EngineResponse> {
  const body = call.body();
  const messageName = readName(body);
  const input = await prefixed('Cannot deliver message', () => readCorrelation(messageName, body));
  if (input.processInstanceId !== null && input.tenantId !== undefined)
    throw new BadUserRequestError(TENANT_OF_ONE_INSTANCE);
  const results = await correlate(messages, input);
  if (!isSet(body, 'resultEnabled')) return noContent();
  const withVariables = isSet(body, 'variablesInResultEnabled');
  return ok(results.map((result) => presentCorrelation(result, withVariables)));
}

function isSet(body: JsonRecord, name: string): boolean {
  return optional(body, name, boolean) ?? false;
}

/** The name of the message. @throws RestError 400 also for options that contradict each other */
function readName(body: JsonRecord): string {
  const name = optional(body, 'messageName', text);
  if (name === undefined) throw invalidRequest('No message name supplied');
  if (optional(body, 'tenantId', text) !== undefined && isSet(body, 'withoutTenantId')) {
    throw invalidRequest("Parameter 'tenantId' cannot be used together with parameter 'withoutTenantId'.");
  }
  if (isSet(body, 'variablesInResultEnabled') && !isSet(body, 'resultEnabled')) {
    throw invalidRequest(
      "Parameter 'variablesInResultEnabled' cannot be used without 'resultEnabled' set to true.",
    );
  }
  return name;
}

function readCorrelation(messageName: string, body: JsonRecord): CorrelationInput {
  return {
    messageName,
    businessKey: nullable(body, 'businessKey', text),
    processInstanceId: nullable(body, 'processInstanceId', text),
    correlationKeys: readVariables(body.correlationKeys),
    localCorrelationKeys: readVariables(body.localCorrelationKeys),
    variables: readVariables(body.processVariables),
    localVariables: readVariables(body.processVariablesLocal),
    triggeredScopeVariables: readVariables(body.processVariablesToTriggeredScope),
    tenantId: isSet(body, 'withoutTenantId') ? null : optional(body, 'tenantId', text),
    all: isSet(body, 'all'),
  };
}

/** Camunda answers a mismatch with the text of its Java exception, which begins with the name of the class. */
async function correlate(
  messages: MessageService,
  input: CorrelationInput,
): Promise<readonly CorrelationResult[]> {
  try {
    return await messages.correlate(input);
  } catch (error) {
    if (error instanceof EngineError && error.camundaClass === MISMATCH)
      throw restException(error, 400, `org.camunda.bpm.engine.${MISMATCH}: ${error.message}`);
    throw error;
  }
}

/** MessageCorrelationResultDto. */
function presentCorrelation(result: CorrelationResult, withVariables: boolean): Record<string, unknown> {
  return {
    resultType: result.resultType,
    execution: result.resultType === 'Execution' ? presentExecution(result.execution) : null,
    processInstance:
      result.resultType === 'ProcessDefinition' ? presentProcessInstance(result.processInstance) : null,
    ...(withVariables && { variables: writeVariables(result.variables) }),
  };
}
