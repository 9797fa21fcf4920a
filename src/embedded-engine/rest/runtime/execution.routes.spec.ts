import { beforeEach, describe, expect, it } from '@jest/globals';
import { NullValueError, ProcessEngineError } from '../../state/engine.errors.js';
import { EXECUTION, NOON_TEXT, SUBSCRIPTION } from '../testing/records.js';
import { RestClient } from '../testing/rest.client.js';

const SUBSCRIPTION_DTO = {
  id: 'S',
  eventType: 'message',
  eventName: 'paid',
  executionId: 'E',
  processInstanceId: 'PI',
  activityId: 'Approve',
  createdDate: NOON_TEXT,
  tenantId: null,
};

describe('execution', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  it('responds 404 to unknown ids', async () => {
    rest.engine.answer('runtime.findExecution', null);
    rest.engine.answer('messages.subscriptions.find', []);
    expect(await rest.errorOf('GET /execution/x')).toEqual({
      status: 404,
      type: 'InvalidRequestException',
      message: 'Execution with id x does not exist',
      code: null,
    });
    expect(await rest.errorOf('GET /execution/x/messageSubscriptions/paid')).toEqual({
      status: 404,
      type: 'InvalidRequestException',
      message: 'Message event subscription for execution x named paid does not exist',
      code: null,
    });
  });

  it.each([
    ['signal', 'runtime.signal', 'Cannot signal execution E'],
    ['messageSubscriptions/paid/trigger', 'messages.trigger', 'Cannot trigger message paid for execution E'],
  ])('prefixes what goes wrong at %s', async (path, method, prefix) => {
    const request = `POST /execution/E/${path}`;
    expect(await rest.errorOf(request, { variables: { a: { type: 'Z' } } })).toEqual({
      status: 400,
      type: 'InvalidRequestException',
      message: `${prefix}: Unsupported value type 'Z'`,
      code: null,
    });
    rest.engine.answer(method, new NullValueError("execution E doesn't exist: execution is null"));
    expect(await rest.errorOf(request, {})).toEqual({
      status: 500,
      type: 'RestException',
      message: `${prefix}: execution E doesn't exist: execution is null`,
      code: 0,
    });
    rest.engine.answer(method, new ProcessEngineError('it waits for nothing'));
    expect(await rest.errorOf(request)).toMatchObject({ status: 500 });
  });

  it('lists, counts and gets', async () => {
    rest.engine.answer('runtime.executions.find', [EXECUTION]);
    rest.engine.answer('runtime.executions.count', 2);
    rest.engine.answer('runtime.findExecution', EXECUTION);
    const dto = { id: 'E', processInstanceId: 'PI', ended: false, tenantId: null };
    expect(await rest.answerOf('GET /execution?activityId=a&sortBy=instanceId&sortOrder=asc')).toEqual([dto]);
    expect(rest.query).toMatchObject({ activityId: 'a' });
    expect(await rest.answerOf('POST /execution', { messageEventSubscriptionName: 'paid' })).toEqual([dto]);
    expect(rest.query).toMatchObject({ messageEventSubscriptionName: 'paid' });
    expect(await rest.answerOf('GET /execution/count?active=true')).toEqual({ count: 2 });
    expect(await rest.answerOf('POST /execution/count', { businessKey: 'b' })).toEqual({ count: 2 });
    expect(await rest.answerOf('GET /execution/E')).toEqual(dto);
  });

  it('signals, and delivers a message', async () => {
    const read = new Map([['a', { type: 'Integer', value: 1, valueInfo: {} }]]);
    const body = { variables: { a: { value: 1 } } };
    expect((await rest.send('POST /execution/E/signal', body)).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'runtime.signal', args: ['E', read] });
    expect((await rest.send('POST /execution/E/messageSubscriptions/paid/trigger', body)).status).toBe(204);
    expect(rest.lastCall).toEqual({ method: 'messages.trigger', args: ['E', 'paid', read] });
  });

  it('shows the message subscription of an execution', async () => {
    rest.engine.answer('messages.subscriptions.find', [SUBSCRIPTION]);
    expect(await rest.answerOf('GET /execution/E/messageSubscriptions/paid')).toEqual(SUBSCRIPTION_DTO);
    expect(rest.query).toEqual({ executionId: 'E', eventName: 'paid', eventType: 'message' });
  });
});

describe('event-subscription', () => {
  it('lists and counts by GET only', async () => {
    const rest = new RestClient();
    rest.engine.answer('messages.subscriptions.find', [SUBSCRIPTION]);
    rest.engine.answer('messages.subscriptions.count', 1);
    expect(
      await rest.answerOf('GET /event-subscription?eventName=paid&sortBy=created&sortOrder=desc'),
    ).toEqual([SUBSCRIPTION_DTO]);
    expect(rest.query).toEqual({
      eventName: 'paid',
      sorting: [{ sortBy: 'created', sortOrder: 'desc' }],
    });
    expect(await rest.answerOf('GET /event-subscription/count?withoutTenantId=true')).toEqual({ count: 1 });
    expect((await rest.send('POST /event-subscription', {})).status).toBe(405);
    expect((await rest.send('GET /event-subscription?sortBy=id&sortOrder=desc')).status).toBe(400);
  });
});
