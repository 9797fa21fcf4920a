import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { end, path, start, task } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

describe('process definition', () => {
  it('is a 404 for an unknown id', async () => {
    for (const path of ['/process-definition/nope', '/process-definition/nope/xml']) {
      expect(await engine.get(path)).toMatchObject({
        status: 404,
        body: { message: expect.stringMatching(/^No matching (process )?definition with id nope/) },
      });
    }
  });

  it('is a 404 for an unknown key', async () => {
    expect(await engine.get('/process-definition/key/nope')).toMatchObject(
      refused(404, 'RestException', 'No matching process definition with key: nope and no tenant-id'),
    );
    expect(await engine.get('/process-definition/key/nope/tenant-id/t')).toMatchObject(
      refused(404, 'RestException', 'No matching process definition with key: nope and tenant-id: t'),
    );
  });

  it('is read by id and by key', async () => {
    const process = await engine.process(ONE_TASK, { attributes: 'name="N" camunda:versionTag="t1"' });
    const definition = await engine.read(`/process-definition/${process.definitionId}`);
    expect(definition).toEqual({
      id: process.definitionId,
      key: process.key,
      category: 'urn:test',
      description: null,
      name: 'N',
      version: 1,
      resource: `${process.key}.bpmn`,
      deploymentId: process.deploymentId,
      diagram: null,
      suspended: false,
      tenantId: null,
      versionTag: 't1',
      historyTimeToLive: 30,
      startableInTasklist: true,
    });
    expect(await engine.read(`/process-definition/key/${process.key}`)).toEqual(definition);
  });

  it('has an id of key, version and a unique part', async () => {
    const { key, definitionId } = await engine.process(ONE_TASK);
    expect(definitionId).toMatch(new RegExp(`^${key}:1:[0-9a-f-]{36}$`));
  });

  it('has only the unique part as its id if the whole is longer than 64 characters', async () => {
    const { definitionId } = await engine.process(ONE_TASK, { key: uniqueKey('k'.repeat(30)) });
    expect(definitionId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('returns its XML as it was deployed', async () => {
    const process = await engine.process(ONE_TASK);
    const { id, bpmn20Xml } = await engine.read(`/process-definition/${process.definitionId}/xml`);
    expect(id).toBe(process.definitionId);
    expect(bpmn20Xml).toContain(`<process id="${process.key}" isExecutable="true"`);
    expect((await engine.read(`/process-definition/key/${process.key}/xml`)).bpmn20Xml).toBe(bpmn20Xml);
  });

  it.each<[string, (process: { key: string; definitionId: string; deploymentId: string }) => string, number]>(
    [
      ['processDefinitionId', (p) => `processDefinitionId=${p.definitionId}`, 1],
      ['processDefinitionIdIn', (p) => `processDefinitionIdIn=x,${p.definitionId}`, 1],
      ['key', (p) => `key=${p.key}`, 2],
      ['keysIn', (p) => `keysIn=x,${p.key}`, 2],
      ['keyLike', (p) => `keyLike=${p.key.slice(0, -2)}%25`, 2],
      ['version', (p) => `key=${p.key}&version=2`, 1],
      ['latestVersion', (p) => `key=${p.key}&latestVersion=true`, 1],
      ['deploymentId', (p) => `deploymentId=${p.deploymentId}`, 1],
      ['name', (p) => `key=${p.key}&name=Name`, 2],
      ['nameLike', (p) => `key=${p.key}&nameLike=Na%25`, 2],
      ['another name', (p) => `key=${p.key}&name=name`, 0],
      ['resourceName', (p) => `resourceName=${p.key}.bpmn`, 2],
      ['versionTag', (p) => `key=${p.key}&versionTag=tag`, 2],
      ['another versionTag', (p) => `key=${p.key}&versionTag=gat`, 0],
      ['withoutTenantId', (p) => `key=${p.key}&withoutTenantId=true`, 2],
      ['tenantIdIn', (p) => `key=${p.key}&tenantIdIn=t`, 0],
      ['active', (p) => `key=${p.key}&active=true`, 2],
      ['suspended', (p) => `key=${p.key}&suspended=true`, 0],
    ],
  )('is listed by %s', async (_name, filter, count) => {
    const key = uniqueKey();
    const attributes = 'name="Name" camunda:versionTag="tag"';
    await engine.process(ONE_TASK, { key, attributes });
    const process = await engine.process(ONE_TASK, { key, attributes });
    expect(await engine.list(`/process-definition?${filter(process)}`)).toHaveLength(count);
    expect(await engine.count(`/process-definition/count?${filter(process)}`)).toBe(count);
  });

  it('is sorted by version', async () => {
    const key = uniqueKey();
    for (let n = 0; n < 3; n++) await engine.process(ONE_TASK, { key });
    const versions = async (order: string) =>
      (await engine.list(`/process-definition?key=${key}&sortBy=version&sortOrder=${order}`)).map(
        ({ version }) => version,
      );
    expect(await versions('asc')).toEqual([1, 2, 3]);
    expect(await versions('desc')).toEqual([3, 2, 1]);
  });

  it('accepts another history time to live', async () => {
    const process = await engine.process(ONE_TASK);
    const path = `/process-definition/${process.definitionId}`;
    expect(await engine.put(`${path}/history-time-to-live`, { historyTimeToLive: 7 })).toMatchObject({
      status: 204,
    });
    expect(await engine.read(path)).toMatchObject({ historyTimeToLive: 7 });
  });

  it('accepts its history time to live in days too', async () => {
    const key = uniqueKey();
    const answer = await engine.deploy({
      'x.bpmn': `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id="${key}" isExecutable="true" camunda:historyTimeToLive="5"><startEvent id="s"/></process></definitions>`,
    });
    expect(Object.values(answer.body.deployedProcessDefinitions ?? {})).toMatchObject([
      { historyTimeToLive: 5, category: 't' },
    ]);
  });

  it('is deleted by id', async () => {
    const process = await engine.process(ONE_TASK);
    const answer = await engine.delete(`/process-definition/${process.definitionId}`);
    expect([200, 204]).toContain(answer.status);
    expect(await engine.get(`/process-definition/${process.definitionId}`)).toMatchObject({ status: 404 });
  });
});
