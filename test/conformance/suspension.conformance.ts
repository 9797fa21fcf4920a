import { describe, expect, it } from '@jest/globals';
import { refused, uncorrelated } from './support/answers.js';
import { and, catchMessage, catchTimer, end, message, path, start, task, user } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();

async function running() {
  const name = uniqueKey('m');
  const process = await engine.process(
    [
      start(),
      and('fork'),
      task('A'),
      user('U'),
      catchMessage('M', 'm'),
      catchTimer('T', 'PT1H'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'U', 'end'),
      path('fork', 'M', 'end'),
      path('fork', 'T', 'end'),
    ],
    { definitions: message('m', name) },
  );
  const instance = await process.start();
  const suspend = (suspended: boolean) =>
    engine.put(`/process-instance/${instance}/suspended`, { suspended });
  return { name, process, instance, suspend };
}

describe('suspended instance', () => {
  it('is shown as suspended', async () => {
    const { process, instance, suspend } = await running();
    expect(await suspend(true)).toMatchObject({ status: 204, body: null });
    expect(await engine.read(`/process-instance/${instance}`)).toMatchObject({ suspended: true });
    expect(await process.state(instance)).toBe('SUSPENDED');
    expect(
      await engine.count(`/process-instance/count?processDefinitionKey=${process.key}&suspended=true`),
    ).toBe(1);
    expect(
      await engine.count(`/process-instance/count?processDefinitionKey=${process.key}&active=true`),
    ).toBe(0);
  });

  it('returns no external task', async () => {
    const { process, instance, suspend } = await running();
    await suspend(true);
    expect(await process.fetch('A')).toEqual([]);
    expect(await engine.list(`/external-task?processInstanceId=${instance}`)).toMatchObject([
      { suspended: true },
    ]);
  });

  it.each([
    ['complete', {}],
    ['failure', { retries: 1 }],
    ['bpmnError', { errorCode: 'E' }],
    ['extendLock', { newDuration: 1000 }],
  ])('refuses %s', async (what, body) => {
    const { process, suspend } = await running();
    const job = await process.fetchOne('A');
    await suspend(true);
    expect(await process.report(job, what, body)).toMatchObject(
      refused(400, 'RestException', `ENGINE-03043 ExternalTask with id '${job.id}' is suspended.`, 0),
    );
  });

  it('releases a lock', async () => {
    const { process, suspend } = await running();
    const job = await process.fetchOne('A');
    await suspend(true);
    expect(await process.report(job, 'unlock')).toMatchObject({ status: 204 });
  });

  it('refuses to complete a user task', async () => {
    const { instance, suspend } = await running();
    await suspend(true);
    const [open] = await engine.list(`/task?processInstanceId=${instance}`);
    const id = String(open?.id);
    expect(open).toMatchObject({ suspended: true });
    expect(await engine.post(`/task/${id}/complete`)).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot complete task ${id}: ENGINE-03043 task with id '${id}' is suspended.`,
        0,
      ),
    );
  });

  it('refuses a message', async () => {
    const { name, process, instance, suspend } = await running();
    await suspend(true);
    expect(await engine.post('/message', { messageName: name, processInstanceId: instance })).toMatchObject(
      uncorrelated(name),
    );
    expect(await process.waitsIn(instance)).toContain('M');
  });

  it('runs no job', async () => {
    const { process, instance, suspend } = await running();
    await suspend(true);
    const [job] = await engine.list(`/job?processInstanceId=${instance}`);
    expect(job).toMatchObject({ suspended: true });
    expect(await engine.post(`/job/${String(job?.id)}/execute`)).toMatchObject({
      status: 404,
      body: {
        type: 'InvalidRequestException',
        message: expect.stringMatching(/^ENGINE-03043 .* is suspended\.$/),
      },
    });
    expect(await process.waitsIn(instance)).toContain('T');
  });

  it('accepts variables and can be deleted', async () => {
    const { instance, suspend } = await running();
    await suspend(true);
    expect(await engine.put(`/process-instance/${instance}/variables/v`, { value: 1 })).toMatchObject({
      status: 204,
    });
    expect(await engine.delete(`/process-instance/${instance}`)).toMatchObject({ status: 204 });
  });

  it('continues with its locks when it is activated', async () => {
    const { process, instance, suspend } = await running();
    const job = await process.fetchOne('A');
    await suspend(true);
    await suspend(true);
    expect(await suspend(false)).toMatchObject({ status: 204 });
    expect(await process.state(instance)).toBe('ACTIVE');
    expect(await process.report(job, 'complete')).toMatchObject({ status: 204 });
  });

  it('can be unknown', async () => {
    expect(await engine.put('/process-instance/nope/suspended', { suspended: true })).toMatchObject({
      status: 204,
    });
  });
});

describe('suspended definition', () => {
  it('refuses to start, by id and by key', async () => {
    const { process } = await running();
    const at = `/process-definition/${process.definitionId}`;
    expect(await engine.put(`${at}/suspended`, { suspended: true })).toMatchObject({ status: 204 });
    expect(await engine.read(at)).toMatchObject({ suspended: true });
    const text = `Cannot instantiate process definition ${process.definitionId}: ENGINE-03043 Process Definition with id '${process.definitionId}' is suspended.`;
    expect(await process.launch()).toMatchObject(refused(500, 'RestException', text, 0));
    expect(await engine.post(`/process-definition/key/${process.key}/start`)).toMatchObject(
      refused(500, 'RestException', text, 0),
    );
  });

  it('does not suspend its instances unless they are included', async () => {
    const { process, instance } = await running();
    const at = `/process-definition/${process.definitionId}/suspended`;
    await engine.put(at, { suspended: true });
    expect(await process.state(instance)).toBe('ACTIVE');
    await engine.put(at, { suspended: true, includeProcessInstances: true });
    expect(await process.state(instance)).toBe('SUSPENDED');
    await engine.put(at, { suspended: false, includeProcessInstances: true });
    expect(await process.state(instance)).toBe('ACTIVE');
  });

  it('starts again when it is activated', async () => {
    const { process } = await running();
    const at = `/process-definition/key/${process.key}/suspended`;
    await engine.put(at, { suspended: true });
    await engine.put(at, { suspended: false });
    expect(await process.launch()).toMatchObject({ status: 200 });
  });

  it('is listed', async () => {
    const { process } = await running();
    await engine.put(`/process-definition/${process.definitionId}/suspended`, { suspended: true });
    expect(await engine.count(`/process-definition/count?key=${process.key}&suspended=true`)).toBe(1);
    expect(await engine.count(`/process-definition/count?key=${process.key}&active=true`)).toBe(0);
  });

  it('is suspended by a key in the body, with its instances', async () => {
    const { process, instance } = await running();
    const answer = await engine.put('/process-definition/suspended', {
      processDefinitionKey: process.key,
      suspended: true,
      includeProcessInstances: true,
    });
    expect(answer).toMatchObject({ status: 204 });
    expect(await process.state(instance)).toBe('SUSPENDED');
    await engine.put('/process-instance/suspended', { processDefinitionKey: process.key, suspended: false });
    expect(await process.state(instance)).toBe('ACTIVE');
  });

  it('is a 404 for an unknown key', async () => {
    expect(await engine.put('/process-definition/key/nope/suspended', { suspended: true })).toMatchObject(
      refused(404, 'RestException', 'No matching process definition with key: nope and no tenant-id'),
    );
  });
});
