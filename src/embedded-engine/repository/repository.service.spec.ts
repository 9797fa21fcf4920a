import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../testing/engine.harness.js';
import { bpmn, sequence } from '../testing/process.builder.js';
import type { DefinitionQuery } from '../query/process-definition.query.js';
import type { DeploymentQuery } from '../query/deployment.query.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open();
});

const file = (name: string, content: string) => ({ name, bytes: Buffer.from(content) });
const P = bpmn(sequence('p', 'A'));
const Q = bpmn(sequence('q', 'B'));

describe('a deployment', () => {
  it('creates the next version of each of its definitions', async () => {
    const first = await h.deploy(bpmn(sequence('p', 'A'), sequence('q', 'B')));
    const second = await h.deploy(P);
    expect(first.definitions.map(({ key, version }) => [key, version])).toEqual([
      ['p', 1],
      ['q', 1],
    ]);
    expect(second.definitions[0]).toMatchObject({
      key: 'p',
      version: 2,
      resource: 'test.bpmn',
      deploymentId: second.deployment.id,
      historyTimeToLive: 30,
      category: 'urn:test',
    });
    expect(second.definitions[0]?.id).toMatch(/^p:2:[0-9a-f-]{36}$/);
    expect(h.engine.repository.findLatestDefinition('p')).toEqual(second.definitions[0]);
    expect(h.engine.repository.findLatestDefinition('none')).toBeNull();
    expect(h.engine.repository.findDefinitionResource(second.definitions[0]!.id)?.bytes.toString()).toBe(P);
    expect(h.engine.repository.findDefinitionResource('none')).toBeNull();
    expect(h.engine.repository.findDeployment(second.deployment.id)).toEqual(second.deployment);
    expect(h.engine.repository.findDeployment('none')).toBeNull();
    expect(h.engine.repository.findResources('none')).toEqual([]);
  });

  it('uses the UUID alone as the id if the key makes it longer than 64 characters', async () => {
    const { definitions } = await h.deploy(bpmn(sequence(`k${'x'.repeat(40)}`, 'A')));
    expect(definitions[0]?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('stores files other than BPMN unchanged', async () => {
    const { deployment, definitions } = await h.deploy('', { resources: [file('notes.txt', 'hi')] });
    expect(definitions).toEqual([]);
    expect(h.engine.repository.findResources(deployment.id)).toMatchObject([{ name: 'notes.txt' }]);
  });

  it('is rejected without files, with a duplicate key, or with an invalid file, and changes nothing', async () => {
    await expect(h.deploy('', { resources: [] })).rejects.toMatchObject({ kind: 'BadUserRequest' });
    await expect(h.deploy('', { resources: [file('a.bpmn', P), file('b.bpmn20.xml', P)] })).rejects.toThrow(
      "definitions with the same key 'p'",
    );
    await expect(h.deploy('', { resources: [file('a.bpmn', P), file('b.bpmn', '<no/>')] })).rejects.toThrow(
      'ENGINE-09005',
    );
    expect(h.engine.repository.deployments.count({})).toBe(0);
    await h.deploy(P);
  });

  it('keeps the versions of tenants apart', async () => {
    await h.deploy(P);
    const { definitions } = await h.deploy(P, { tenantId: 't' });
    expect(definitions[0]).toMatchObject({ version: 1, tenantId: 't' });
    expect(h.engine.repository.findLatestDefinition('p')).toMatchObject({ tenantId: null });
    const { id, tenantId } = await h.start(definitions[0]!.id);
    expect(tenantId).toBe('t');
    expect(h.engine.runtime.processInstances.find({ tenantIdIn: ['t'] })).toMatchObject([{ id }]);
  });
});

describe('duplicate filtering', () => {
  const both = { resources: [file('p.bpmn', P), file('q.bpmn', Q)] };

  it('returns the earlier deployment if nothing has changed', async () => {
    const { deployment } = await h.deploy('', both);
    for (const flags of [{ enableDuplicateFiltering: true }, { deployChangedOnly: true }]) {
      expect(await h.deploy('', { ...both, ...flags })).toEqual({ deployment, definitions: [] });
    }
  });

  it.each([
    ['all files when one has changed', { enableDuplicateFiltering: true }, ['p', 'q']],
    ['only what has changed', { deployChangedOnly: true }, ['q']],
  ])('deploys %s', async (_name, flags, keys) => {
    await h.deploy('', both);
    const changed = { resources: [file('p.bpmn', P), file('q.bpmn', bpmn(sequence('q', 'C')))] };
    const { definitions } = await h.deploy('', { ...changed, ...flags });
    expect(definitions.map(({ key }) => key)).toEqual(keys);
    expect((await h.deploy('', { ...changed, ...flags })).definitions).toEqual([]);
  });

  it.each([{ name: 'other' }, { source: 'other' }, { tenantId: 'other' }])(
    'looks at no other %j',
    async (other) => {
      await h.deploy('', both);
      const { definitions } = await h.deploy('', { ...both, ...other, enableDuplicateFiltering: true });
      expect(definitions).toHaveLength(2);
    },
  );
});

describe('deletion', () => {
  it('is rejected while instances run, and deletes them with their history on cascade', async () => {
    const { deployment } = await h.deploy(P);
    const { id: ended } = await h.start('p');
    await h.work('A');
    const { id: running } = await h.start('p');
    await expect(h.engine.repository.deleteDeployment(deployment.id, { cascade: false })).rejects.toThrow(
      'has 1 running process instances',
    );
    await h.engine.repository.deleteDeployment(deployment.id, { cascade: true });
    expect(h.engine.runtime.findProcessInstance(running)).toBeNull();
    expect(h.engine.externalTasks.count({})).toBe(0);
    expect(h.engine.history.findInstance(ended)).toBeNull();
    expect(h.engine.history.findInstance(running)).toBeNull();
    expect(h.engine.repository.findLatestDefinition('p')).toBeNull();
  });

  it('keeps history and makes the previous version the latest', async () => {
    await h.deploy(P);
    const { deployment } = await h.deploy(P);
    const { id } = await h.start('p');
    await h.work('A');
    await h.engine.repository.deleteDeployment(deployment.id, { cascade: false });
    expect(h.engine.history.findInstance(id)).not.toBeNull();
    expect(h.engine.repository.findLatestDefinition('p')?.version).toBe(1);
    await expect(
      h.engine.repository.deleteDeployment(deployment.id, { cascade: false }),
    ).rejects.toMatchObject({
      kind: 'NotFound',
    });
  });
});

describe('queries', () => {
  beforeEach(async () => {
    await h.deploy(
      bpmn(sequence('p', 'A').replace('id="p"', 'id="p" name="Parcel" camunda:versionTag="v1"')),
    );
    h.clock.now += 1_000;
    await h.deploy(P, { name: 'second', source: 'ci', tenantId: 't' });
    h.clock.now += 1_000;
    await h.deploy('', { name: null, resources: [file('q.bpmn', Q)] });
  });

  const deployments: readonly [DeploymentQuery, readonly (string | null)[]][] = [
    [{}, ['test', 'second', null]],
    [{ name: 'test' }, ['test']],
    [{ nameLike: '%e%' }, ['test', 'second']],
    [{ source: 'ci' }, ['second']],
    [{ withoutSource: true }, ['test', null]],
    [{ before: 1_001_000 }, ['test']],
    [{ after: 1_001_000 }, [null]],
    [{ tenantIdIn: ['t'] }, ['second']],
    [{ withoutTenantId: true }, ['test', null]],
    [{ id: 'none' }, []],
    [{ sorting: [{ sortBy: 'name', sortOrder: 'desc' }] }, ['test', 'second', null]],
    [{ sorting: [{ sortBy: 'deploymentTime', sortOrder: 'desc' }] }, [null, 'second', 'test']],
    [{ sorting: [{ sortBy: 'tenantId', sortOrder: 'asc' }] }, ['test', null, 'second']],
    [{ firstResult: 1, maxResults: 1 }, ['second']],
  ];

  it.each(deployments)('of deployments by %j', (query, names) => {
    expect(h.engine.repository.deployments.find(query).map(({ name }) => name)).toEqual(names);
    if (query.firstResult === undefined)
      expect(h.engine.repository.deployments.count(query)).toBe(names.length);
  });

  it('of deployments and definitions by their ids', () => {
    const sorting = [{ sortBy: 'id', sortOrder: 'asc' }] as const;
    const deploymentIds = h.engine.repository.deployments.find({ sorting }).map(({ id }) => id);
    expect(deploymentIds).toEqual([...deploymentIds].sort());
    expect(h.engine.repository.deployments.count({ id: deploymentIds[0] })).toBe(1);
    const ids = h.engine.repository.definitions.find({ sorting }).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(h.engine.repository.definitions.count({ processDefinitionId: ids[0] })).toBe(1);
    expect(h.engine.repository.definitions.count({ processDefinitionIdIn: ids })).toBe(3);
    expect(h.engine.repository.definitions.count({ deploymentId: deploymentIds[0] })).toBe(1);
    const byDeployment = h.engine.repository.definitions.find({
      sorting: [{ sortBy: 'deploymentId', sortOrder: 'asc' }],
    });
    expect(byDeployment.map(({ deploymentId }) => deploymentId)).toEqual(deploymentIds);
  });

  const definitions: readonly [DefinitionQuery, readonly string[]][] = [
    [{ key: 'p' }, ['p:', 'p:t']],
    [{ keysIn: ['q'] }, ['q:']],
    [{ keyLike: '_' }, ['p:', 'p:t', 'q:']],
    [{ name: 'Parcel' }, ['p:']],
    [{ nameLike: 'Par%' }, ['p:']],
    [{ version: 1 }, ['p:', 'p:t', 'q:']],
    [{ version: 2 }, []],
    [{ latestVersion: true }, ['p:', 'p:t', 'q:']],
    [{ resourceName: 'q.bpmn' }, ['q:']],
    [{ resourceNameLike: 'test%' }, ['p:', 'p:t']],
    [{ suspended: true }, []],
    [{ active: true, key: 'q' }, ['q:']],
    [{ versionTag: 'v1' }, ['p:']],
    [{ versionTagLike: 'v%' }, ['p:']],
    [{ withoutVersionTag: true }, ['p:t', 'q:']],
    [{ tenantIdIn: ['t'] }, ['p:t']],
    [{ withoutTenantId: true }, ['p:', 'q:']],
    [{ sorting: [{ sortBy: 'key', sortOrder: 'desc' }] }, ['q:', 'p:', 'p:t']],
    [{ sorting: [{ sortBy: 'name', sortOrder: 'desc' }] }, ['p:', 'p:t', 'q:']],
    [{ sorting: [{ sortBy: 'version', sortOrder: 'desc' }] }, ['p:', 'p:t', 'q:']],
    [{ sorting: [{ sortBy: 'category', sortOrder: 'desc' }] }, ['p:', 'p:t', 'q:']],
    [{ sorting: [{ sortBy: 'tenantId', sortOrder: 'desc' }] }, ['p:t', 'p:', 'q:']],
    [{ sorting: [{ sortBy: 'versionTag', sortOrder: 'desc' }] }, ['p:', 'p:t', 'q:']],
  ];

  it.each(definitions)('of definitions by %j', (query, found) => {
    const names = h.engine.repository.definitions
      .find(query)
      .map(({ key, tenantId }) => `${key}:${tenantId ?? ''}`);
    expect(names).toEqual(found);
    expect(h.engine.repository.definitions.count(query)).toBe(found.length);
  });
});
