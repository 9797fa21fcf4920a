import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ANY_PROCESSES, ForeignClient } from '../fixtures/any-process/any-process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

const integer = (value: number) => ({ type: 'Integer', value });
const text = (value: string) => ({ type: 'String', value });

describe('a process that knows nothing of this service', () => {
  let service: RunningService;
  let elsewhere: ForeignClient;
  let run = 0;

  beforeAll(async () => {
    service = await RunningService.start({ EARLY_ANSWER: 'off' }, []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    elsewhere = new ForeignClient(baseUrl);
    await elsewhere.deploy(ANY_PROCESSES);
    run = Date.now();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const start = (processKey: string, id: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
    service.post('/api/process/start', { processKey, correlationId: `${id}-${run}`, variables });

  const trailOf = async (id: string): Promise<Record<string, unknown>[]> => {
    const { body } = await service.get(`/api/process/events/${id}-${run}`);
    return body.events as Record<string, unknown>[];
  };

  it('answers with the variables that the process names as its result, and shows the step of the worker', async () => {
    const answer = start('quote', 'straight', { item: 'a' });
    await elsewhere.work('quote.price', 1, { price: integer(7), note: text('x') });
    const { status, body, text: first } = await answer;
    expect([status, body.status, body.data]).toEqual([200, 'ok', { price: 7, currency: null }]);
    const steps = (await trailOf('straight')).filter(({ stepName }) => stepName === 'price');
    expect(steps).toMatchObject([
      { status: 'ok', originatingSystem: 'CamundaEngine', metadata: { activityType: 'serviceTask' } },
    ]);
    const again = await start('quote', 'straight', { item: 'a' });
    expect([again.status, again.headers.get('idempotent-replayed'), again.text]).toEqual([
      200,
      'true',
      first,
    ]);
  });

  it('answers at once if the process ends inside its start call', async () => {
    const { status, body } = await start('at-once', 'at-once', { a: 1, when: '2026-01-31' });
    expect([status, body.data]).toEqual([200, { a: 1, when: '2026-01-31' }]);
  });

  it('answers with what a person has decided', async () => {
    const answer = start('approve', 'human');
    const [task] = (await eventually(
      () => elsewhere.get(`/task?processInstanceBusinessKey=human-${run}`),
      (tasks) => (tasks as unknown[]).length > 0,
    )) as { id: string }[];
    await elsewhere.send('POST', `/task/${task?.id ?? ''}/complete`, {
      variables: { result: { type: 'Json', value: '{"approved":true,"limit":12345678901234567890}' } },
    });
    const { status, text: body } = await answer;
    expect(status).toBe(200);
    expect(body).toContain('"data":{"approved":true,"limit":12345678901234567890}');
  });

  it('answers when a message has ended the wait', async () => {
    const answer = start('invoice', 'message', { number: 5 });
    await eventually(
      () => service.countRunning(`message-${run}`),
      (count) => count === 1,
    );
    await elsewhere.send('POST', '/message', {
      messageName: 'payment-received',
      businessKey: `message-${run}`,
      processVariables: { amount: integer(12) },
    });
    expect((await answer).body).toMatchObject({ status: 'ok', data: { number: 5, amount: 12 } });
  });

  it('answers with the error of an error end event', async () => {
    const answer = start('reserve', 'error');
    await elsewhere.work('reserve.check', 1, { why: text('Two of three are left') });
    const { status, body } = await answer;
    expect([status, body.status, body.errorCode, body.error]).toEqual([
      500,
      'error',
      'OUT_OF_STOCK',
      'Two of three are left',
    ]);
  });

  it('answers with an error if a BPMN error of the worker is caught nowhere', async () => {
    const answer = start('quote', 'uncaught');
    const [task] = await elsewhere.fetch('quote.price');
    await elsewhere.send('POST', `/external-task/${task?.id ?? ''}/bpmnError`, {
      workerId: 'elsewhere',
      errorCode: 'NO_PRICE',
    });
    const { body } = await answer;
    expect([body.status, body.errorCode]).toEqual(['error', 'PROCESS_ERROR']);
    expect(body.error).toContain('"price"');
  });

  it.each([
    ['implicit-end', 'complete', 'ok', null],
    ['caught-inside', 'bpmnError', 'ok', null],
    ['caught-at-boundary', 'complete', 'ok', null],
    ['error-end-caught', 'complete', 'ok', null],
    ['thrown-again', 'bpmnError', 'error', 'Y_CODE'],
    ['one-branch', 'bpmnError', 'error', 'PROCESS_ERROR'],
  ])('knows how the process %s ended after %s: %s', async (key, report, status, errorCode) => {
    const answer = start(key, key);
    if (key === 'one-branch') await elsewhere.work('ends.left', 1, {});
    const [task] = await elsewhere.fetch(`ends.${key}`);
    await elsewhere.send('POST', `/external-task/${task?.id ?? ''}/${report}`, {
      workerId: 'elsewhere',
      ...(report === 'bpmnError' ? { errorCode: 'X_CODE' } : {}),
    });
    const { body } = await answer;
    expect([body.status, body.errorCode]).toEqual([status, errorCode]);
  });

  it('waits for all instances that a multi-instance calls', async () => {
    const answer = start('batch', 'calls');
    await elsewhere.work('batch.item', 3, {});
    const { status, body } = await answer;
    expect([status, body.status, body.data]).toEqual([200, 'ok', {}]);
    const steps = (await trailOf('calls')).filter(({ stepName }) => stepName === 'each');
    expect(steps.length).toBeGreaterThanOrEqual(3);
  });

  it('refuses a result beyond 1 MiB, with the names and sizes', async () => {
    const answer = start('quote', 'large');
    const json = { type: 'Json', value: JSON.stringify('x'.repeat(1_100_000)) };
    await elsewhere.work('quote.price', 1, { price: json });
    const { body } = await answer;
    expect([body.status, body.errorCode]).toEqual(['error', 'RESULT_TOO_LARGE']);
    expect(body.error).toContain('price (1100002 bytes), currency');
  });

  it('answers a hundred at once, each with its own result', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `many-${n}`);
    const answers = ids.map((id) => start('quote', id, { price: 0, currency: id }));
    await elsewhere.work('quote.price', 100, { price: integer(1) });
    const all = await Promise.all(answers);
    expect(all.map(({ body }) => body.data)).toEqual(ids.map((id) => ({ price: 1, currency: id })));
  });
});
