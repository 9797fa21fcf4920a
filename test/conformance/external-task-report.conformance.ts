import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { end, evaluate, io, path, start, task, boundary } from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';
import { eventually, vars, type LockedTask, type Scenario } from './support/scenario.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

async function locked(content = ONE_TASK): Promise<[Scenario, LockedTask, string]> {
  const process = await engine.process(content);
  const instance = await process.start();
  return [process, await process.fetchOne('A'), instance];
}

const gone = (id: string) => refused(404, 'RestException', `External task with id ${id} does not exist`, 0);

describe('external task', () => {
  it.each([
    ['complete', {}],
    ['failure', { retries: 1 }],
    ['bpmnError', { errorCode: 'E' }],
    ['extendLock', { newDuration: 1000 }],
    ['lock', { lockDuration: 1000 }],
    ['unlock', {}],
  ])('%s of an unknown task is a 404', async (what, body) => {
    const answer = await engine.post(`/external-task/nope/${what}`, { workerId: 'w', ...body });
    expect(answer).toMatchObject(gone('nope'));
  });

  it.each([
    ['complete', {}, (id: string) => `External Task ${id} cannot be completed by worker 'thief'.`],
    [
      'failure',
      { retries: 1 },
      (id: string) => `Failure of External Task ${id} cannot be reported by worker 'thief'.`,
    ],
    [
      'bpmnError',
      { errorCode: 'E' },
      (id: string) => `Bpmn error of External Task ${id} cannot be reported by worker 'thief'.`,
    ],
    [
      'extendLock',
      { newDuration: 1000 },
      (id: string) => `The lock of the External Task ${id} cannot be extended by worker 'thief''.`,
    ],
  ])('%s is refused to a worker that does not hold the lock', async (what, body, sentence) => {
    const [process, job] = await locked();
    expect(await process.report(job, what, { ...body, workerId: 'thief' })).toMatchObject(
      refused(400, 'RestException', `${sentence(job.id)} It is locked by worker 'worker-1'.`, 0),
    );
  });

  it.each(['complete', 'failure', 'bpmnError', 'extendLock', 'lock'])(
    '%s without a worker is refused',
    async (what) => {
      const [process, job] = await locked();
      const body = { workerId: null, errorCode: 'E', newDuration: 1, lockDuration: 1, retries: 1 };
      expect(await process.report(job, what, body)).toMatchObject({ status: 500 });
    },
  );

  describe('complete', () => {
    it('continues the instance', async () => {
      const [process, job, instance] = await locked();
      expect(await process.report(job, 'complete')).toMatchObject({ status: 204, body: null });
      expect(await process.state(instance)).toBe('COMPLETED');
    });

    it('is refused for an unlocked task', async () => {
      const process = await engine.process(ONE_TASK);
      const instance = await process.start();
      const [open] = await engine.list(`/external-task?processInstanceId=${instance}`);
      const id = String(open?.id);
      expect(await engine.post(`/external-task/${id}/complete`, { workerId: 'w' })).toMatchObject(
        refused(
          400,
          'RestException',
          `External Task ${id} cannot be completed by worker 'w'. It is locked by worker 'null'.`,
          0,
        ),
      );
    });

    it('is a 404 the second time', async () => {
      const [process, job] = await locked();
      await process.report(job, 'complete');
      expect(await process.report(job, 'complete')).toMatchObject(gone(job.id));
    });

    it('is accepted from a worker with an expired lock, if no other worker has the task', async () => {
      const process = await engine.process(ONE_TASK);
      const instance = await process.start();
      const job = await process.fetchOne('A', { lockDuration: 1 });
      await eventually(
        () => engine.count(`/external-task/count?processInstanceId=${instance}&notLocked=true`),
        (count) => count === 1,
      );
      expect(await process.report(job, 'complete')).toMatchObject({ status: 204 });
    });

    it('sets variables in their scope, otherwise on the instance', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A', io({ inner: 'x' })),
        task('B'),
        end(),
        path('start', 'A', 'B', 'end'),
      ]);
      await process.report(job, 'complete', { variables: vars({ inner: 'y', outer: 'z' }) });
      expect(await engine.read(`/process-instance/${instance}/variables`)).toEqual({
        outer: { type: 'String', value: 'z', valueInfo: {} },
      });
    });

    it('shows local variables to the output mapping only', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A', io({}, { kept: '${temporary}!' })),
        task('B'),
        end(),
        path('start', 'A', 'B', 'end'),
      ]);
      await process.report(job, 'complete', { localVariables: vars({ temporary: 'x' }) });
      expect(await engine.read(`/process-instance/${instance}/variables`)).toEqual({
        kept: { type: 'String', value: 'x!', valueInfo: {} },
      });
    });

    it('fails if an activity before the next wait state fails, and can be repeated', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A'),
        evaluate('X', '${needed}'),
        end(),
        path('start', 'A', 'X', 'end'),
      ]);
      expect(await process.report(job, 'complete', { variables: vars({ lost: 1 }) })).toMatchObject(
        refused(
          500,
          'ProcessEngineException',
          "Unknown property used in expression: ${needed}. Cause: Cannot resolve identifier 'needed'",
          0,
        ),
      );
      expect(await process.waitsIn(instance)).toEqual(['A']);
      expect(await process.variable(instance, 'lost')).toBeUndefined();
      expect(await process.report(job, 'complete', { variables: vars({ needed: 1 }) })).toMatchObject({
        status: 204,
      });
    });

    it('refuses a variable that does not match its type, and keeps the task', async () => {
      const [process, job, instance] = await locked();
      const answer = await process.report(job, 'complete', {
        variables: { n: { value: 'x', type: 'Integer' } },
      });
      expect(answer).toMatchObject({ status: 400, body: { type: 'InvalidRequestException', code: null } });
      expect(answer.body.message).toMatch(/Cannot convert value 'x' of type 'Integer' to java type/);
      expect(await process.waitsIn(instance)).toEqual(['A']);
    });

    it('keeps a transient variable until the next wait state', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A'),
        evaluate('X', '${secret}', 'copy'),
        task('B'),
        end(),
        path('start', 'A', 'X', 'B', 'end'),
      ]);
      await process.report(job, 'complete', {
        variables: { secret: { value: 5, type: 'Integer', valueInfo: { transient: true } } },
      });
      expect(await process.values(instance)).toEqual({ copy: 5 });
    });
  });

  describe('failure', () => {
    it('keeps local variables with the task, and returns them with it, until it is completed', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A'),
        task('B'),
        end(),
        path('start', 'A', 'B', 'end'),
      ]);
      const report = { retries: 1, retryTimeout: 0, localVariables: vars({ kept: 'x' }) };
      expect((await process.report(job, 'failure', report)).status).toBe(204);
      const again = await process.fetchOne('A', { variables: ['kept'] });
      expect(again.variables).toMatchObject({ kept: { type: 'String', value: 'x' } });
      expect((await process.report(again, 'complete')).status).toBe(204);
      expect(await engine.read(`/process-instance/${instance}/variables`)).toEqual({});
    });

    it('sets the given retries and the message', async () => {
      const [process, job] = await locked();
      const report = { errorMessage: 'no line', errorDetails: 'stack', retries: 2, retryTimeout: 0 };
      expect(await process.report(job, 'failure', report)).toMatchObject({ status: 204, body: null });
      expect(await engine.read(`/external-task/${job.id}`)).toMatchObject({
        retries: 2,
        errorMessage: 'no line',
        workerId: 'worker-1',
      });
    });

    it('offers the task again at once without a retry timeout', async () => {
      const [process, job] = await locked();
      await process.report(job, 'failure', { retries: 1 });
      expect(await process.fetchOne('A')).toMatchObject({ id: job.id, retries: 1 });
    });

    it('offers the task again only after the retry timeout', async () => {
      const [process, job] = await locked();
      await process.report(job, 'failure', { retries: 1, retryTimeout: 60_000 });
      expect(await process.fetch('A')).toEqual([]);
    });

    it('creates an incident at zero retries, which are the default', async () => {
      const [process, job, instance] = await locked();
      await process.report(job, 'failure', { errorMessage: 'broken' });
      expect(await process.fetch('A')).toEqual([]);
      const incidents = await engine.list(`/incident?processInstanceId=${instance}`);
      expect(incidents).toMatchObject([
        { incidentType: 'failedExternalTask', configuration: job.id, incidentMessage: 'broken' },
      ]);
    });

    it('refuses negative retries', async () => {
      const [process, job] = await locked();
      const answer = await process.report(job, 'failure', { retries: -1 });
      expect(answer).toMatchObject(
        refused(500, 'ProcessEngineException', 'retries is not greater than or equal to 0', 0),
      );
    });

    it('cuts a long message', async () => {
      const [process, job] = await locked();
      await process.report(job, 'failure', { errorMessage: 'm'.repeat(1_000), retries: 1 });
      const { errorMessage } = await engine.read(`/external-task/${job.id}`);
      expect(errorMessage).toBe('m'.repeat(666));
    });

    it('serves the details as plain text', async () => {
      const [process, job] = await locked();
      await process.report(job, 'failure', { errorDetails: 'line 1\nline 2', retries: 1 });
      const { status, headers, body } = await engine.get(`/external-task/${job.id}/errorDetails`);
      expect({ status, body }).toEqual({ status: 200, body: 'line 1\nline 2' });
      expect(headers.get('content-type')).toMatch(/^text\/plain/);
    });

    it('has no details before a failure', async () => {
      const [, job] = await locked();
      expect(await engine.get(`/external-task/${job.id}/errorDetails`)).toMatchObject({
        status: 204,
        body: null,
      });
    });

    it('sets variables', async () => {
      const [process, job, instance] = await locked();
      await process.report(job, 'failure', { retries: 1, variables: vars({ attempt: 1 }) });
      expect(await process.variable(instance, 'attempt')).toMatchObject({ value: 1 });
    });

    it('lets its worker complete the task afterwards', async () => {
      const [process, job] = await locked();
      await process.report(job, 'failure', { retries: 1, retryTimeout: 60_000 });
      expect(await process.report(job, 'complete')).toMatchObject({ status: 204 });
    });
  });

  describe('bpmnError', () => {
    it('needs a code', async () => {
      const [process, job] = await locked();
      expect(await process.report(job, 'bpmnError', {})).toMatchObject(
        refused(500, 'NullValueException', 'errorCode is null', 0),
      );
    });

    it('ends its token if it is uncaught', async () => {
      const [process, job, instance] = await locked();
      expect(await process.report(job, 'bpmnError', { errorCode: 'E' })).toMatchObject({ status: 204 });
      expect(await process.state(instance)).toBe('COMPLETED');
      expect(await process.trail(instance)).toEqual(['A', 'start']);
    });

    it('sets its variables before it is caught', async () => {
      const [process, job, instance] = await locked([
        start(),
        task('A'),
        boundary('caught', 'A', null),
        task('B'),
        end(),
        path('start', 'A', 'end'),
        path('caught', 'B', 'end'),
      ]);
      await process.report(job, 'bpmnError', { errorCode: 'E', variables: vars({ why: 'w' }) });
      expect(await process.waitsIn(instance)).toEqual(['B']);
      expect(await process.variable(instance, 'why')).toMatchObject({ value: 'w' });
    });
  });

  describe('locks', () => {
    it('are extended from now', async () => {
      const [process, job] = await locked();
      expect(await process.report(job, 'extendLock', { newDuration: 7_200_000 })).toMatchObject({
        status: 204,
      });
      const { lockExpirationTime } = await engine.read(`/external-task/${job.id}`);
      expect(lockExpirationTime).toMatch(DATE);
      expect(Date.parse(String(lockExpirationTime))).toBeGreaterThan(Date.now() + 7_100_000);
    });

    it.each([0, -5])('are not extended by %d', async (newDuration) => {
      const [process, job] = await locked();
      expect(await process.report(job, 'extendLock', { newDuration })).toMatchObject({ status: 400 });
    });

    it('are not extended once they have expired', async () => {
      const process = await engine.process(ONE_TASK);
      const instance = await process.start();
      const job = await process.fetchOne('A', { lockDuration: 1 });
      await eventually(
        () => engine.count(`/external-task/count?processInstanceId=${instance}&notLocked=true`),
        (count) => count === 1,
      );
      const answer = await process.report(job, 'extendLock', { newDuration: 1000 });
      expect(answer).toMatchObject(refused(400, 'RestException', /Cannot extend a lock that expired/, 0));
    });

    it('are removed without a worker', async () => {
      const [process, job] = await locked();
      expect(await engine.post(`/external-task/${job.id}/unlock`)).toMatchObject({ status: 204, body: null });
      expect(await engine.read(`/external-task/${job.id}`)).toMatchObject({
        workerId: null,
        lockExpirationTime: null,
      });
      expect(await process.fetch('A', {}, { workerId: 'other' })).toHaveLength(1);
    });

    it.each([
      ['an empty body without a content type', {}, undefined],
      ['the literal null, as the Java client sends it', { 'content-type': 'application/json' }, 'null'],
      ['an empty JSON body', { 'content-type': 'application/json' }, ''],
    ])('are freed with %s', async (_name, headers, body) => {
      const [, job] = await locked();
      const answer = await engine.raw(`/external-task/${job.id}/unlock`, {
        method: 'POST',
        headers,
        body: body ?? null,
      });
      expect(answer).toMatchObject({ status: 204 });
    });

    it('are set on one task', async () => {
      const process = await engine.process(ONE_TASK);
      const instance = await process.start();
      const [open] = await engine.list(`/external-task?processInstanceId=${instance}`);
      const lock = (workerId: string) =>
        engine.post(`/external-task/${String(open?.id)}/lock`, { workerId, lockDuration: 60_000 });
      expect(await lock('w1')).toMatchObject({ status: 204 });
      expect(await lock('w1')).toMatchObject({ status: 204 });
      expect(await lock('w2')).toMatchObject({ status: 400, body: { type: 'RestException' } });
    });

    it('need a positive duration', async () => {
      const [process, job] = await locked();
      expect(await process.report(job, 'lock', { lockDuration: 0 })).toMatchObject({ status: 400 });
    });
  });

  describe('retries', () => {
    it('are set, which resolves the incident', async () => {
      const [process, job, instance] = await locked();
      await process.report(job, 'failure', { retries: 0 });
      expect(await engine.put(`/external-task/${job.id}/retries`, { retries: 2 })).toMatchObject({
        status: 204,
      });
      expect(await engine.list(`/incident?processInstanceId=${instance}`)).toEqual([]);
      expect(await process.fetchOne('A')).toMatchObject({ retries: 2 });
    });

    it('are set to zero, which creates an incident', async () => {
      const [, job, instance] = await locked();
      await engine.put(`/external-task/${job.id}/retries`, { retries: 0 });
      expect(await engine.list(`/incident?processInstanceId=${instance}`)).toHaveLength(1);
    });

    it('are not set to null', async () => {
      const [, job] = await locked();
      expect(await engine.put(`/external-task/${job.id}/retries`, {})).toMatchObject({ status: 400 });
    });

    it('are not set to a negative number', async () => {
      const [, job] = await locked();
      expect(await engine.put(`/external-task/${job.id}/retries`, { retries: -1 })).toMatchObject({
        status: 400,
      });
    });

    it('are not set on an unknown task', async () => {
      expect(await engine.put('/external-task/nope/retries', { retries: 1 })).toMatchObject(
        refused(404, 'RestException', 'External task with id nope does not exist', 0),
      );
    });

    it('are set on several tasks at once', async () => {
      const process = await engine.process(ONE_TASK);
      await process.start();
      await process.start();
      const tasks = await process.fetch('A');
      const answer = await engine.put('/external-task/retries', {
        retries: 7,
        externalTaskIds: tasks.map(({ id }) => id),
      });
      expect(answer).toMatchObject({ status: 204 });
      const after = await engine.list(`/external-task?processDefinitionKey=${process.key}`);
      expect(after.map(({ retries }) => retries)).toEqual([7, 7]);
    });

    it('are set on the tasks of instances', async () => {
      const [, job, instance] = await locked();
      await engine.put('/external-task/retries', { retries: 4, processInstanceIds: [instance] });
      expect(await engine.read(`/external-task/${job.id}`)).toMatchObject({ retries: 4 });
    });
  });

  it('accepts another priority', async () => {
    const [, job] = await locked();
    expect(await engine.put(`/external-task/${job.id}/priority`, { priority: 42 })).toMatchObject({
      status: 204,
    });
    expect(await engine.read(`/external-task/${job.id}`)).toMatchObject({ priority: 42 });
  });

  it('is a 404 after its instance was cancelled', async () => {
    const [process, job, instance] = await locked();
    await engine.delete(`/process-instance/${instance}`);
    expect(await process.report(job, 'complete')).toMatchObject(gone(job.id));
  });

  it('is completed by one of two concurrent requests', async () => {
    const [process, job] = await locked();
    const answers = await Promise.all([process.report(job, 'complete'), process.report(job, 'complete')]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(204);
    expect([404, 500]).toContain(statuses[1]);
  });
});
