import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ForeignClient, WAITING_PROCESSES } from '../fixtures/any-process/any-process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

type Wait = Record<string, unknown>;

describe('what a process waits for', () => {
  let service: RunningService;
  let elsewhere: ForeignClient;
  let run = 0;

  beforeAll(async () => {
    service = await RunningService.start({}, []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    elsewhere = new ForeignClient(baseUrl);
    await elsewhere.deploy(WAITING_PROCESSES, 'waiting');
    run = Date.now();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const start = (processKey: string, id: string, prefer = 'wait=0'): Promise<Answer> =>
    service.post('/api/process/start', { processKey, correlationId: `${id}-${run}` }, { prefer });

  const status = (id: string, headers: Record<string, string> = {}): Promise<Answer> =>
    service.get(`/api/process/status/${id}-${run}`, headers);

  /** What the process waits for, as soon as the condition is met. */
  const waitsOf = (id: string, isMet = (waits: readonly Wait[]) => waits.length > 0): Promise<Wait[]> =>
    eventually(async () => ((await status(id)).body.waitingFor ?? []) as Wait[], isMet);

  it('shows the user task of a person, and nothing of a process that has ended', async () => {
    await start('approve', 'person');
    const [task] = await waitsOf('person');
    expect(task).toEqual({
      kind: 'userTask',
      id: expect.any(String),
      name: 'Decide',
      activityId: 'decide',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      assignee: null,
      due: null,
      formKey: null,
    });
    await elsewhere.send('POST', `/task/${task?.id as string}/complete`, {});
    const { body } = await eventually(
      () => status('person'),
      (answer) => answer.status === 200,
    );
    expect(body).not.toHaveProperty('waitingFor');
  });

  it('shows several waits in parallel: people, messages, and timers in the order of their due dates', async () => {
    await start('several', 'several');
    const waits = await waitsOf('several');
    expect(waits).toMatchObject([
      { kind: 'userTask', name: 'Sign', assignee: 'mary', formKey: 'sign.html' },
      { kind: 'message', name: 'Order changed', activityId: 'changed', messageName: 'order-changed' },
      { kind: 'timer', name: 'Pause', activityId: 'pause' },
      { kind: 'timer', name: 'Too late', activityId: 'late' },
    ]);
    const [, , pause] = waits;
    const dueInMs = Date.parse(pause?.due as string) - Date.parse(pause?.since as string);
    expect(Math.abs(dueInMs - 3_600_000)).toBeLessThan(5_000);
  });

  it('shows the task of a worker elsewhere', async () => {
    await start('quote', 'worker');
    const [wait] = await waitsOf('worker');
    expect(wait).toMatchObject({ kind: 'externalTask', activityId: 'price', topicName: 'quote.price' });
    // Other tests on the same engine fetch tasks of this topic.
    await service.post(`/api/process/cancel/worker-${run}`, {});
  });

  it('shows what an instance that it calls waits for', async () => {
    await start('calls-person', 'called');
    expect(await waitsOf('called')).toMatchObject([{ kind: 'userTask', name: 'Decide' }]);
  });

  it('shows twenty of a thousand user tasks', async () => {
    await start('crowd', 'crowd');
    const waits = await waitsOf('crowd');
    expect(waits).toHaveLength(20);
    expect(new Set(waits.map(({ kind }) => kind))).toEqual(new Set(['userTask']));
  });

  it('has a weak entity tag, and answers 304 while only the waits change', async () => {
    await start('several', 'tagged');
    await waitsOf('tagged');
    const pending = await status('tagged');
    const tag = pending.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"\d+-\d+"$/);
    await elsewhere.send('POST', '/message', {
      messageName: 'order-changed',
      businessKey: `tagged-${run}`,
    });
    await waitsOf('tagged', (waits) => waits.length === 3);
    expect((await status('tagged', { 'if-none-match': tag })).status).toBe(304);
    const long = service.get(`/api/process/status/tagged-${run}?wait=20`, { 'if-none-match': tag });
    await service.post(`/api/process/cancel/tagged-${run}`, {});
    const { status: httpStatus, body } = await long;
    expect([httpStatus, body.errorCode]).toEqual([500, 'CANCELLED']);
    expect(body).not.toHaveProperty('waitingFor');
  });

  it('shows the same for a suspended instance', async () => {
    await start('approve', 'suspended');
    await waitsOf('suspended');
    const [instance] = (await elsewhere.get(`/process-instance?businessKey=suspended-${run}`)) as Wait[];
    await elsewhere.send('PUT', `/process-instance/${instance?.id as string}/suspended`, { suspended: true });
    expect(await waitsOf('suspended')).toMatchObject([{ kind: 'userTask' }]);
  });

  describe('a start whose process waits for something outside', () => {
    it.each([
      ['approve', 'user-task'],
      ['several', 'user-task, message, timer'],
      ['calls-person', 'user-task'],
    ])('is answered at once: %s', async (processKey, names) => {
      const { status: httpStatus, headers, body } = await start(processKey, `early-${processKey}`, 'wait=50');
      expect([httpStatus, body.status, headers.get('process-waiting')]).toEqual([202, 'pending', names]);
      expect((body.waitingFor as Wait[])[0]).toMatchObject({ kind: 'userTask' });
      expect(headers.get('preference-applied')).toBe('wait=50');
    });

    it('is answered at once if it is repeated', async () => {
      await start('approve', 'repeated', 'wait=0');
      const { headers, status: httpStatus } = await start('approve', 'repeated', 'wait=50');
      expect([httpStatus, headers.get('idempotent-replayed'), headers.get('process-waiting')]).toEqual([
        202,
        'true',
        'user-task',
      ]);
    });

    it('waits while a step of a worker runs, and is answered at once when it has ended', async () => {
      let isAnswered = false;
      const answer = start('beside', 'beside', 'wait=50').finally(() => {
        isAnswered = true;
      });
      const [task] = await elsewhere.fetch('beside.price');
      // By then the service has looked several times.
      await service.get(`/api/process/status/beside-${run}?wait=2`);
      expect(isAnswered).toBe(false);
      await elsewhere.send('POST', `/external-task/${task?.id ?? ''}/complete`, { workerId: 'elsewhere' });
      expect((await answer).headers.get('process-waiting')).toBe('user-task');
    });

    it('waits for a timer that falls due before the wait ends, but not for a later one', async () => {
      const [early, late] = await Promise.all([
        start('soon', 'soon-late', 'wait=1'),
        start('soon', 'soon-early', 'wait=50'),
      ]);
      expect(early.headers.get('process-waiting')).toBe('user-task, timer');
      expect([late.status, late.headers.get('process-waiting')]).toEqual([200, null]);
    });

    it('receives the outcome of a process that is cancelled before', async () => {
      const answer = start('quote', 'cancelled', 'wait=50');
      await waitsOf('cancelled');
      await service.post(`/api/process/cancel/cancelled-${run}`, {});
      expect((await answer).body).toMatchObject({ status: 'error', errorCode: 'CANCELLED' });
    });
  });
});
