import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ANY_PROCESSES, ForeignClient } from '../fixtures/any-process/any-process.js';
import { MESSAGE_PROCESSES } from '../fixtures/any-process/message-processes.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

const NO_WAIT = { prefer: 'respond-async' };

const problem = (code: string): string => `urn:fastify-camunda:problem:${code}`;

describe('messages to processes', () => {
  let service: RunningService;
  let elsewhere: ForeignClient;
  let run = 0;

  beforeAll(async () => {
    service = await RunningService.start({}, []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    elsewhere = new ForeignClient(baseUrl);
    await elsewhere.deploy({ ...ANY_PROCESSES, ...MESSAGE_PROCESSES }, 'message-processes');
    run = Date.now();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const idOf = (name: string): string => `${name}-${run}`;

  const send = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    service.post('/api/process/message', body, headers);

  const status = (id: string) => service.get(`/api/process/status/${id}`);

  /** The executions of a process that wait for a message. */
  const waiting = async (businessKey: string, messageEventSubscriptionName = 'payment') =>
    (await elsewhere.send('POST', '/execution', {
      businessKey,
      messageEventSubscriptionName,
    })) as readonly unknown[];

  /** Starts a process that then waits, and returns its correlation id. */
  async function started(processKey: string, name: string, variables = {}): Promise<string> {
    const correlationId = idOf(name);
    await service.post('/api/process/start', { processKey, correlationId, variables }, NO_WAIT);
    await eventually(
      () => status(correlationId),
      ({ body }) => Array.isArray(body.waitingFor) && body.waitingFor.length > 0,
    );
    return correlationId;
  }

  const messagesIn = async (correlationId: string) => {
    const { body } = await service.get(`/api/process/events/${correlationId}`);
    return (body.events as Record<string, unknown>[]).filter(({ stepName }) => stepName === 'message');
  };

  it('ends a process that waits for its message, and answers with the outcome', async () => {
    const correlationId = await started('invoice', 'ends', { number: 5 });
    const answer = await send({
      messageName: 'payment-received',
      correlationId,
      variables: { amount: 12, order: { big: [9007199254740991] } },
      messageId: idOf('ends-message'),
    });
    expect([answer.status, answer.headers.get('process-message'), answer.body.status]).toEqual([
      200,
      'correlated',
      'ok',
    ]);
    expect(answer.body.data).toEqual({ number: 5, amount: 12, order: { big: [9007199254740991] } });
    expect(await messagesIn(correlationId)).toMatchObject([
      {
        requestData: { messageName: 'payment-received', variables: { amount: 12 } },
        metadata: { messageId: idOf('ends-message'), requestedBy: { clientAddress: '127.0.0.1' } },
      },
    ]);
  });

  it('ends the wait of the client that has started the process', async () => {
    const start = service.post('/api/process/start', {
      processKey: 'invoice',
      correlationId: idOf('waits'),
      variables: {},
    });
    // The start is answered early, or by the message.
    await eventually(
      () => send({ messageName: 'payment-received', correlationId: idOf('waits') }),
      (answer) => answer.status === 200,
    );
    expect([200, 202]).toContain((await start).status);
    expect((await status(idOf('waits'))).body.status).toBe('ok');
  });

  it('answers 202 at once if the process then waits for another message', async () => {
    const correlationId = await started('pay-twice', 'early');
    const { status: code, headers, body } = await send({ messageName: 'payment', correlationId });
    expect([code, headers.get('process-waiting'), body.status]).toEqual([202, 'message', 'pending']);
    expect(headers.get('location')).toContain(correlationId);
  });

  it('correlates a message once, whatever becomes of the process', async () => {
    const correlationId = await started('pay-twice', 'once');
    const message = { messageName: 'payment', correlationId, messageId: idOf('once-message') };
    const first = await send(message, NO_WAIT);
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
    const again = await Promise.all([send(message, NO_WAIT), send(message, NO_WAIT)]);
    for (const answer of again)
      expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(await waiting(correlationId)).toHaveLength(1);
    const other = await send({ ...message, variables: { amount: 1 } });
    expect([other.status, other.body.type]).toEqual([409, problem('message-id-conflict')]);
    const last = await send({ ...message, messageId: idOf('once-second') });
    expect([last.status, last.body.status]).toEqual([200, 'ok']);
    const late = await send(message);
    expect([late.status, late.headers.get('idempotent-replayed'), late.body.status]).toEqual([
      200,
      'true',
      'ok',
    ]);
    expect(await messagesIn(correlationId)).toHaveLength(2);
  });

  it('correlates a message once that arrives many times at once', async () => {
    const correlationId = await started('pay-twice', 'parallel');
    const message = { messageName: 'payment', correlationId, messageId: idOf('parallel-message') };
    const all = await Promise.all(Array.from({ length: 8 }, () => send(message, NO_WAIT)));
    expect(all.map((answer) => answer.status)).toEqual(Array(8).fill(202));
    expect(all.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await waiting(correlationId)).toHaveLength(1);
    expect(await messagesIn(correlationId)).toHaveLength(1);
  });

  it('finds the process by the values of its variables', async () => {
    const number = `n-${run}`;
    const correlationId = await started('invoice', 'keys', { number, amount: 7, paid: false, rate: 1.5 });
    await started('invoice', 'other-keys', { number: `m-${run}`, amount: 7, paid: false, rate: 1.5 });
    const message = { messageName: 'payment-received' };
    const none = await send({ ...message, correlationKeys: { number, amount: 8 } });
    expect([none.status, none.body.type]).toEqual([404, problem('no-receiver')]);
    const several = await send({ ...message, correlationKeys: { amount: 7, paid: false, rate: 1.5 } });
    expect([several.status, several.body.type]).toEqual([409, problem('ambiguous-receiver')]);
    const one = await send({ ...message, correlationKeys: { number, amount: 7, paid: false, rate: 1.5 } });
    expect([one.status, one.body.correlationId]).toEqual([200, correlationId]);
  });

  it('says that several wait in one process, and changes nothing', async () => {
    const correlationId = await started('pay-both', 'both');
    const { status: code, body } = await send({
      messageName: 'payment',
      correlationId,
      messageId: idOf('both-message'),
    });
    expect([code, body.type, body.correlationId]).toEqual([
      409,
      problem('ambiguous-receiver'),
      correlationId,
    ]);
    expect(await waiting(correlationId)).toHaveLength(2);
  });

  it('says that nobody waits, and keeps nothing', async () => {
    const message = {
      messageName: 'payment',
      correlationId: idOf('later'),
      messageId: idOf('later-message'),
    };
    const early = await send(message);
    expect([early.status, early.body.type]).toEqual([404, problem('no-receiver')]);
    await started('pay-twice', 'later');
    expect((await send(message, NO_WAIT)).status).toBe(202);
    const other = await send({ messageName: 'never', correlationId: idOf('later') });
    expect([other.status, other.body.type, other.body.processStatus]).toEqual([
      404,
      problem('no-receiver'),
      'pending',
    ]);
  });

  it('says that the process has ended, with its outcome', async () => {
    const correlationId = await started('invoice', 'ended');
    await send({ messageName: 'payment-received', correlationId, variables: { amount: 3 } });
    const { status: code, body } = await send({
      messageName: 'payment-received',
      correlationId,
      messageId: idOf('ended-message'),
    });
    expect([code, body.type, body.processStatus, body.outcome]).toEqual([
      409,
      problem('process-ended'),
      'ok',
      { status: 'ok', data: { amount: 3 }, error: null, errorCode: null },
    ]);
    const cancelled = await started('invoice', 'cancelled');
    await service.post(`/api/process/cancel/${cancelled}`, {});
    const late = await send({ messageName: 'payment-received', correlationId: cancelled });
    expect([late.status, (late.body.outcome as { errorCode: string }).errorCode]).toEqual([409, 'CANCELLED']);
  });

  it('neither sees nor touches a process that was started elsewhere with the same business key', async () => {
    const correlationId = idOf('foreign');
    const variables = { number: { value: correlationId, type: 'String' } };
    await elsewhere.send('POST', '/process-definition/key/invoice/start', {
      businessKey: correlationId,
      variables,
    });
    for (const address of [{ correlationId }, { correlationKeys: { number: correlationId } }]) {
      const { status: code, body } = await send({ messageName: 'payment-received', ...address });
      expect([code, body.type]).toEqual([404, problem('no-receiver')]);
    }
    await started('invoice', 'foreign');
    const ours = await send({ messageName: 'payment-received', correlationId, variables: { amount: 1 } });
    expect([ours.status, ours.body.data]).toEqual([200, { amount: 1 }]);
    expect(await waiting(correlationId, 'payment-received')).toHaveLength(1);
  });

  it('finds the process that the process has called', async () => {
    const correlationId = await started('pay-called', 'called');
    expect((await send({ messageName: 'payment', correlationId })).status).toBe(202);
    const last = await send({ messageName: 'payment', correlationId });
    expect([last.status, last.body.correlationId]).toEqual([200, correlationId]);
  });

  it('starts a process with its message, once', async () => {
    const correlationId = idOf('placed');
    const message = { messageName: 'order-placed', correlationId, variables: { item: 'book' } };
    const all = await Promise.all(Array.from({ length: 4 }, () => send(message, NO_WAIT)));
    expect(all.map(({ status: code }) => code)).toEqual([202, 202, 202, 202]);
    expect(all.map(({ headers }) => headers.get('process-message'))).toEqual(Array(4).fill('started'));
    expect(all[0]?.body).toMatchObject({ correlationId, processKey: 'order' });
    expect(await service.countInstances(correlationId)).toBe(1);
    const other = await send({ ...message, variables: {} });
    expect([other.status, other.body.type]).toEqual([409, problem('correlation-id-conflict')]);
    const paid = await send({ messageName: 'payment', correlationId });
    expect([paid.status, paid.headers.get('process-message'), paid.body.data]).toEqual([
      200,
      'correlated',
      { item: 'book' },
    ]);
    const late = await send(message);
    expect([late.status, late.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    const rows = await service.trail(correlationId);
    expect(rows.filter(({ step_name: name }) => name === 'start')).toHaveLength(1);
  });

  it('starts one process with a message that has an id and no correlation id', async () => {
    const message = { messageName: 'order-placed', messageId: idOf('new-order'), variables: { item: 'pen' } };
    const first = await send(message, NO_WAIT);
    expect([first.status, first.headers.get('process-message')]).toEqual([202, 'started']);
    const again = await send(message, NO_WAIT);
    expect([again.body.correlationId, again.headers.get('idempotent-replayed')]).toEqual([
      first.body.correlationId,
      'true',
    ]);
    const other = await send({ ...message, variables: { item: 'ink' } });
    expect([other.status, other.body.type]).toEqual([409, problem('message-id-conflict')]);
    expect(await service.countInstances(String(first.body.correlationId))).toBe(1);
    const without = await Promise.all([
      send({ messageName: 'order-placed' }, NO_WAIT),
      send({ messageName: 'order-placed' }, NO_WAIT),
    ]);
    expect(new Set(without.map(({ body }) => body.correlationId)).size).toBe(2);
  });

  it('leaves an activity with the message of its boundary event, and adds a path with another', async () => {
    const correlationId = await started('notes', 'notes');
    for (const messageId of [idOf('note-1'), idOf('note-2'), idOf('note-1')])
      expect((await send({ messageName: 'note-added', correlationId, messageId }, NO_WAIT)).status).toBe(202);
    const reading = async () =>
      (await service.get(`/api/process/tasks?correlationId=${correlationId}&name=Read`)).body.count;
    expect(await reading()).toBe(2);
    expect((await send({ messageName: 'order-changed', correlationId }, NO_WAIT)).status).toBe(202);
    expect((await send({ messageName: 'note-added', correlationId })).status).toBe(404);
  });

  it('keeps its trace in the engine out of the result', async () => {
    const correlationId = await started('aside', 'aside', { item: 'book' });
    const { status: code, body } = await send({
      messageName: 'order-changed',
      correlationId,
      messageId: idOf('aside-message'),
    });
    expect([code, body.data]).toEqual([200, { item: 'book' }]);
  });

  it('changes nothing if the process cannot take the message', async () => {
    const correlationId = await started('pay-stuck', 'stuck');
    const message = { messageName: 'payment', correlationId, messageId: idOf('stuck-message') };
    const refused = await send(message);
    expect([refused.status, refused.body.type]).toEqual([409, problem('message-refused')]);
    expect(await waiting(correlationId)).toHaveLength(1);
    // Nothing was kept, so the same id may have another content.
    const taken = await send({ ...message, variables: { missing: 1 } });
    expect([taken.status, taken.body.status]).toEqual([200, 'ok']);
  });

  it('says that the process is suspended', async () => {
    const correlationId = await started('pay-twice', 'suspended');
    const [instance] = (await elsewhere.get(`/process-instance?businessKey=${correlationId}`)) as {
      id: string;
    }[];
    const suspend = (suspended: boolean) =>
      elsewhere.send('PUT', `/process-instance/${instance?.id ?? ''}/suspended`, { suspended });
    await suspend(true);
    const refused = await send({ messageName: 'payment', correlationId });
    expect([refused.status, refused.body.type]).toEqual([409, problem('message-refused')]);
    expect(refused.body.detail).toMatch(/suspended/);
    await suspend(false);
    expect((await send({ messageName: 'payment', correlationId }, NO_WAIT)).status).toBe(202);
  });

  it.each<[unknown]>([
    [[]],
    ['rubbish'],
    [{}],
    [{ messageName: '' }],
    [{ messageName: 5 }],
    [{ messageName: 'a\0b' }],
    [{ messageName: 'a'.repeat(256) }],
    [{ messageName: 'm', other: 1 }],
    [{ messageName: 'm', messageId: '' }],
    [{ messageName: 'm', messageId: 'ä' }],
    [{ messageName: 'm', messageId: 'a'.repeat(256) }],
    [{ messageName: 'm', correlationId: 'all' }],
    [{ messageName: 'm', correlationKeys: [] }],
    [{ messageName: 'm', correlationKeys: { a: null } }],
    [{ messageName: 'm', correlationKeys: { a: { b: 1 } } }],
    [{ messageName: 'm', correlationKeys: { a: 'x'.repeat(4_001) } }],
    [{ messageName: 'm', correlationKeys: { '': 1 } }],
    [{ messageName: 'm', correlationKeys: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [i, i])) }],
    ['{"messageName":"m","correlationKeys":{"a":12345678901234567890}}'],
    [{ messageName: 'm', variables: [] }],
    [{ messageName: 'm', variables: { correlationId: 'x' } }],
    ['{"messageName":"m","variables":{"a":12345678901234567890}}'],
    [{ messageName: 'm', variables: { 'a\ud800': 1 } }],
  ])('refuses %j', async (body) => {
    expect((await send(body)).status).toBe(400);
  });

  it('has no other method', async () => {
    const response = await fetch(`${service.baseUrl}/api/process/message`, { method: 'PUT' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')]);
  });
});
