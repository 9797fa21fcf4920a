import { beforeEach, describe, expect, it } from '@jest/globals';
import { BadUserRequestError } from '../../state/engine.errors.js';
import { EXECUTION, INSTANCE } from '../testing/records.js';
import { RestClient } from '../testing/rest.client.js';

describe('message', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
    rest.engine.answer('messages.correlate', []);
  });

  it.each<[unknown, string]>([
    [{}, 'No message name supplied'],
    [{ tenantId: 'a', withoutTenantId: true }, 'No message name supplied'],
    [
      { messageName: 'm', tenantId: 'a', withoutTenantId: true },
      "Parameter 'tenantId' cannot be used together with parameter 'withoutTenantId'.",
    ],
    [
      { messageName: 'm', variablesInResultEnabled: true },
      "Parameter 'variablesInResultEnabled' cannot be used without 'resultEnabled' set to true.",
    ],
    [
      { messageName: 'm', correlationKeys: { a: { type: 'Nope' } } },
      "Cannot deliver message: Unsupported value type 'Nope'",
    ],
    [
      { messageName: 'm', processVariablesLocal: [] },
      'Cannot deliver message: Variables must be an object of {value, type, valueInfo}',
    ],
    [
      { messageName: {} },
      "Cannot set query parameter 'messageName' to value '{}': Cannot convert value {} to java type java.lang.String",
    ],
  ])('refuses %j', async (body, message) => {
    expect(await rest.errorOf('POST /message', body)).toEqual({
      status: 400,
      type: 'InvalidRequestException',
      message,
      code: null,
    });
    expect(rest.engine.calls).toEqual([]);
  });

  it.each([{ tenantId: 'a' }, { withoutTenantId: true }])('refuses one instance with %j', async (tenant) => {
    const body = { messageName: 'm', processInstanceId: 'PI', ...tenant };
    expect(await rest.errorOf('POST /message', body)).toEqual({
      status: 400,
      type: 'BadUserRequestException',
      message:
        'ENGINE-13028 Cannot specify a tenant-id when correlate a message to a single process instance.',
      code: 0,
    });
    expect(rest.engine.calls).toEqual([]);
  });

  it('responds to a mismatch with the name of its class, and passes on other refusals', async () => {
    rest.engine.answer(
      'messages.correlate',
      new BadUserRequestError("Cannot correlate message 'm'", 'MismatchingMessageCorrelationException'),
    );
    expect(await rest.errorOf('POST /message', { messageName: 'm' })).toEqual({
      status: 400,
      type: 'RestException',
      message: "org.camunda.bpm.engine.MismatchingMessageCorrelationException: Cannot correlate message 'm'",
      code: 0,
    });
    rest.engine.answer('messages.correlate', new BadUserRequestError('Cannot specify a tenant-id'));
    expect(await rest.errorOf('POST /message', { messageName: 'm' })).toEqual({
      status: 400,
      type: 'BadUserRequestException',
      message: 'Cannot specify a tenant-id',
      code: 0,
    });
  });

  it('passes on all members of a correlation', async () => {
    const variable = { a: { value: 1 } };
    const read = new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]);
    const response = await rest.send('POST /message', {
      messageName: 'm',
      businessKey: 'b',
      correlationKeys: variable,
      localCorrelationKeys: variable,
      processVariables: variable,
      processVariablesLocal: variable,
      processVariablesToTriggeredScope: variable,
      tenantId: 'acme',
      all: true,
    });
    expect(response).toEqual({ status: 204, headers: {}, body: { kind: 'none' } });
    expect(rest.query).toEqual({
      messageName: 'm',
      businessKey: 'b',
      processInstanceId: null,
      correlationKeys: read,
      localCorrelationKeys: read,
      variables: read,
      localVariables: read,
      triggeredScopeVariables: read,
      tenantId: 'acme',
      all: true,
    });
    await rest.send('POST /message', { messageName: '', withoutTenantId: true });
    expect(rest.query).toMatchObject({ messageName: '', tenantId: null, all: false, businessKey: null });
    await rest.send('POST /message', { messageName: 'm', processInstanceId: 'PI' });
    expect(rest.query).toMatchObject({ tenantId: undefined, processInstanceId: 'PI' });
  });

  it('returns the results on request', async () => {
    const variables = new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]);
    rest.engine.answer('messages.correlate', [
      { resultType: 'Execution', execution: { ...EXECUTION, ended: true }, variables },
      { resultType: 'ProcessDefinition', processInstance: INSTANCE, variables },
    ]);
    const execution = {
      resultType: 'Execution',
      execution: { id: 'E', processInstanceId: 'PI', ended: true, tenantId: null },
      processInstance: null,
    };
    const definition = {
      resultType: 'ProcessDefinition',
      execution: null,
      processInstance: {
        links: [],
        id: 'PI',
        definitionId: 'order:3:u',
        definitionKey: 'order',
        businessKey: 'ord-1',
        caseInstanceId: null,
        ended: false,
        suspended: false,
        tenantId: null,
      },
    };
    const body = { messageName: 'm', resultEnabled: true };
    expect(await rest.answerOf('POST /message', body)).toEqual([execution, definition]);
    const shown = { a: { type: 'Integer', value: 1, valueInfo: {} } };
    expect(await rest.answerOf('POST /message', { ...body, variablesInResultEnabled: true })).toEqual([
      { ...execution, variables: shown },
      { ...definition, variables: shown },
    ]);
  });
});
