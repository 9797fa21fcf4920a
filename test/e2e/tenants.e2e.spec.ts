import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ForeignClient, taggedProcess } from '../fixtures/any-process/any-process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

interface Instance {
  readonly id: string;
  readonly tenantId: string | null;
  readonly processDefinitionVersion: number;
}

describe('a start that names a tenant or a version tag', () => {
  const run = `${Date.now()}`;
  /** Without tenant: version 1 has the tag 1.0, version 2 the tag 2.0. The tenants have 1.0 each. */
  const key = `approve-${run}`;
  /** Only the tenants have it. */
  const tenantKey = `tenant-${run}`;
  let service: RunningService;
  let engine: ForeignClient;

  const open = async (variables: Record<string, string> = {}): Promise<void> => {
    service = await RunningService.start(variables, []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    engine = new ForeignClient(baseUrl);
  };

  beforeAll(async () => {
    await open();
    await engine.deploy(taggedProcess(key, '1.0'), key);
    await engine.deploy(taggedProcess(key, '2.0'), key);
    for (const tenant of ['bank', 'zoo']) {
      await engine.deploy(taggedProcess(key, '1.0'), key, tenant);
      await engine.deploy(taggedProcess(tenantKey, null), tenantKey, tenant);
    }
  });

  afterAll(async () => {
    await service.destroy();
  });

  const start = (id: string, choice: Record<string, unknown> = {}, processKey = key): Promise<Answer> =>
    service.post('/api/process/start', { processKey, correlationId: `${id}-${run}`, ...choice });

  const instancesOf = async (id: string): Promise<Instance[]> =>
    (await engine.get(`/history/process-instance?processInstanceBusinessKey=${id}-${run}`)) as Instance[];

  const decide = async (id: string): Promise<void> => {
    const tasks = (await engine.get(`/task?processInstanceBusinessKey=${id}-${run}`)) as { id: string }[];
    expect(tasks).toHaveLength(1);
    await engine.send('POST', `/task/${tasks[0]?.id ?? ''}/complete`, {
      variables: { result: { type: 'String', value: id } },
    });
  };

  it.each<[string, Record<string, unknown>, string | null, number]>([
    ['no-choice', {}, null, 2],
    ['tenant', { tenantId: 'bank' }, 'bank', 1],
    ['old-tag', { versionTag: '1.0' }, null, 1],
    ['new-tag', { versionTag: '2.0' }, null, 2],
    ['both', { tenantId: 'zoo', versionTag: '1.0' }, 'zoo', 1],
  ])(
    'starts that definition, and has its waits, tasks and result: %s',
    async (id, choice, tenant, version) => {
      const answer = await start(id, choice);
      expect([answer.status, answer.body.waitingFor]).toEqual([
        202,
        [expect.objectContaining({ kind: 'userTask', name: 'Decide' })],
      ]);
      expect(await instancesOf(id)).toMatchObject([
        { tenantId: tenant, processDefinitionVersion: version, processDefinitionKey: key },
      ]);
      const { body } = await service.get(`/api/process/tasks?correlationId=${id}-${run}`);
      expect(body.tasks).toMatchObject([{ correlationId: `${id}-${run}`, processKey: key }]);
      await decide(id);
      const { body: finished } = await service.finished(`${id}-${run}`);
      expect([finished.status, finished.data]).toEqual(['ok', id]);
      const replayed = await start(id, choice);
      expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    },
  );

  it('is one process for each correlation id, in whatever tenant', async () => {
    await start('one', { tenantId: 'bank' });
    const { status, body } = await start('one', { tenantId: 'zoo' });
    expect([status, body.type]).toEqual([409, 'urn:fastify-camunda:problem:correlation-id-conflict']);
    expect((await start('one')).status).toBe(409);
    expect(await instancesOf('one')).toHaveLength(1);
  });

  it('leaves an instance of another tenant with the same business key alone', async () => {
    await engine.send('POST', `/process-definition/key/${key}/tenant-id/zoo/start`, {
      businessKey: `shared-${run}`,
    });
    expect((await start('shared', { tenantId: 'bank' })).status).toBe(202);
    const { body } = await service.post(`/api/process/cancel/shared-${run}`, {});
    expect(body.errorCode).toBe('CANCELLED');
    const running = await eventually(
      async () => (await engine.get(`/process-instance?businessKey=shared-${run}`)) as Instance[],
      (found) => found.length === 1,
    );
    expect(running).toMatchObject([{ tenantId: 'zoo' }]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    [
      'no tenant',
      {},
      tenantKey,
      'without tenant. Nothing was started or kept. It has the key of the tenants: bank, zoo.',
    ],
    [
      'another tenant',
      { tenantId: 'farm' },
      tenantKey,
      'of the tenant "farm". Nothing was started or kept. It has the key of the tenants: bank, zoo.',
    ],
    [
      'a tenant that has not the key',
      { tenantId: 'farm' },
      key,
      'It has the key without tenant, and of the tenants: bank, zoo.',
    ],
    [
      'an unknown tag',
      { versionTag: '3.0' },
      key,
      'and the version tag "3.0". Nothing was started or kept. It has the version tags: 2.0, 1.0.',
    ],
    [
      'a tag of another tenant',
      { tenantId: 'bank', versionTag: '2.0' },
      key,
      'It has the version tags: 1.0.',
    ],
    [
      'a tag where none is',
      { tenantId: 'bank', versionTag: '1.0' },
      tenantKey,
      'No version of it has a tag.',
    ],
    [
      'an unknown key',
      { tenantId: 'bank', versionTag: '1.0' },
      `none-${run}`,
      'of the tenant "bank" and the version tag "1.0". Nothing was started or kept.',
    ],
  ])('is answered 404, with what exists, for %s', async (_what, choice, processKey, sentence) => {
    const { status, body } = await start('unknown', choice, processKey);
    expect([status, body.type]).toEqual([404, 'urn:fastify-camunda:problem:unknown-process-definition']);
    expect(body.detail).toContain(sentence);
    expect(await service.status(`unknown-${run}`)).toMatchObject({ status: 404 });
  });

  it.each([
    [{ tenantId: '' }, '/tenantId'],
    [{ tenantId: '..' }, '/tenantId'],
    [{ tenantId: 'a/b' }, '/tenantId'],
    [{ tenantId: 'x'.repeat(65) }, '/tenantId'],
    [{ tenantId: 7 }, '/tenantId'],
    [{ versionTag: ' 1.0' }, '/versionTag'],
    [{ versionTag: '' }, '/versionTag'],
    [{ versionTag: 'ä' }, '/versionTag'],
  ])('is answered 400 for %j', async (choice, pointer) => {
    const { status, body } = await start('bad', choice);
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ pointer })]]);
  });

  it('lists the latest definition of each tenant', async () => {
    const { body } = await eventually(
      () => service.get(`/api/process/definitions?after=approve-${BigInt(run) - 1n}~&limit=500`),
      ({ body: { definitions } }) =>
        JSON.stringify(definitions).includes(`"${tenantKey}","name":null,"version":1`),
    );
    const found = (body.definitions as Record<string, unknown>[]).filter((each) =>
      [key, tenantKey].includes(each.key as string),
    );
    expect(found.map((each) => [each.key, each.tenantId, each.version, each.versionTag])).toEqual([
      [key, null, 2, '2.0'],
      [key, 'bank', 1, '1.0'],
      [key, 'zoo', 1, '1.0'],
      [tenantKey, 'bank', 1, null],
      [tenantKey, 'zoo', 1, null],
    ]);
  });

  it('starts in its tenant after a restart, if the engine could not start it before', async () => {
    const suspend = (suspended: boolean): Promise<unknown> =>
      engine.send('PUT', `/process-definition/key/${key}/tenant-id/bank/suspended`, { suspended });
    await suspend(true);
    const waiting = (id: string, choice: Record<string, unknown>): Promise<Answer> =>
      service.post(
        '/api/process/start',
        { processKey: key, correlationId: `${id}-${run}`, ...choice },
        { prefer: 'wait=0' },
      );
    const ids = ['later', 'later-tagged'];
    expect((await waiting('later', { tenantId: 'bank' })).status).toBe(202);
    expect((await waiting('later-tagged', { tenantId: 'bank', versionTag: '1.0' })).status).toBe(202);
    expect(await Promise.all(ids.map(instancesOf))).toEqual([[], []]);
    const { dataDir } = service;
    await service.stop();
    await open({ DATA_DIR: dataDir });
    await suspend(false);
    for (const id of ids) {
      const found = await eventually(
        () => instancesOf(id),
        (instances) => instances.length > 0,
      );
      expect(found).toMatchObject([{ tenantId: 'bank', processDefinitionVersion: 1 }]);
    }
  });
});
