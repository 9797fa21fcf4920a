import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { bpmn, end, path, process, start, task } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();

const file = (key: string, content = [start(), task('A'), end(), path('start', 'A', 'end')]): string =>
  bpmn(process(key, content, 'name="Order" camunda:versionTag="v1"'));

describe('deployment', () => {
  it('is refused without a file', async () => {
    const answer = await engine.deploy({}, { 'deployment-name': 'x' });
    expect(answer).toMatchObject(
      refused(400, 'InvalidRequestException', 'No deployment resources contained in the form upload.'),
    );
  });

  it('is refused with a file that has no name', async () => {
    const form = new FormData();
    form.set('data', file(uniqueKey()));
    const answer = await engine.raw('/deployment/create', { method: 'POST', body: form });
    expect(answer).toMatchObject({ status: 400, body: { type: 'InvalidRequestException' } });
    expect(answer.body.message).toMatch(
      /^No file name found in the deployment resource described by form parameter/,
    );
  });

  it('answers what it has deployed', async () => {
    const key = uniqueKey();
    const { status, body } = await engine.deploy(
      { [`${key}.bpmn`]: file(key) },
      { 'deployment-name': 'orders', 'deployment-source': 'suite' },
    );
    const definitionId = Object.keys(body.deployedProcessDefinitions ?? {})[0];
    expect(status).toBe(200);
    expect(body).toEqual({
      links: [{ method: 'GET', href: expect.stringMatching(`/deployment/${body.id}$`), rel: 'self' }],
      id: expect.any(String),
      name: 'orders',
      source: 'suite',
      deploymentTime: expect.stringMatching(DATE),
      tenantId: null,
      deployedProcessDefinitions: {
        [String(definitionId)]: {
          id: expect.stringMatching(new RegExp(`^${key}:1:`)),
          key,
          category: 'urn:test',
          description: null,
          name: 'Order',
          version: 1,
          resource: `${key}.bpmn`,
          deploymentId: body.id,
          diagram: null,
          suspended: false,
          tenantId: null,
          versionTag: 'v1',
          historyTimeToLive: 30,
          startableInTasklist: true,
        },
      },
      deployedCaseDefinitions: null,
      deployedDecisionDefinitions: null,
      deployedDecisionRequirementsDefinitions: null,
    });
  });

  it('counts the versions of a key', async () => {
    const key = uniqueKey();
    await engine.deploy({ [`${key}.bpmn`]: file(key) });
    const { body } = await engine.deploy({ [`${key}.bpmn`]: file(key) });
    expect(Object.values(body.deployedProcessDefinitions ?? {})).toMatchObject([{ key, version: 2 }]);
  });

  it('takes several processes of one file', async () => {
    const [one, two] = [uniqueKey(), uniqueKey()];
    const content = [start(), end(), path('start', 'end')];
    const second = content.map((text) =>
      text
        .replaceAll('start', 's2')
        .replaceAll('end', 'e2')
        .replaceAll('s2Event', 'startEvent')
        .replaceAll('e2Event', 'endEvent'),
    );
    const { status, body } = await engine.deploy({
      'both.bpmn': bpmn(process(one, content), process(two, second)),
    });
    expect(status).toBe(200);
    expect(
      Object.values(body.deployedProcessDefinitions ?? {})
        .map((definition) => definition.key)
        .sort(),
    ).toEqual([one, two].sort());
  });

  it('does not offer a process that is not executable', async () => {
    const { status, body } = await engine.deploy({
      'x.bpmn': bpmn('<process id="idle" isExecutable="false"><startEvent id="s"/></process>'),
    });
    expect(status).toBe(200);
    expect(body.deployedProcessDefinitions).toBeNull();
  });

  it('keeps files that are no BPMN', async () => {
    const { body } = await engine.deploy({ 'notes.txt': 'hello' });
    expect(body.deployedProcessDefinitions).toBeNull();
    const resources = await engine.list(`/deployment/${body.id}/resources`);
    expect(resources).toEqual([{ id: expect.any(String), name: 'notes.txt', deploymentId: body.id }]);
    const { headers, body: text } = await engine.get(
      `/deployment/${body.id}/resources/${String(resources[0]?.id)}/data`,
    );
    expect(text).toBe('hello');
    expect(headers.get('content-disposition')).toMatch(/filename="?notes.txt/);
  });

  it('takes nothing of a deployment of which one file is wrong', async () => {
    const key = uniqueKey();
    const answer = await engine.deploy({
      [`${key}.bpmn`]: file(key),
      'broken.bpmn': '<definitions><process',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await engine.count(`/process-definition/count?key=${key}`)).toBe(0);
  });

  describe('with duplicate filtering', () => {
    const options = (name: string) => ({ 'deployment-name': name, 'enable-duplicate-filtering': 'true' });

    it('answers the deployment that is there when nothing has changed', async () => {
      const key = uniqueKey();
      const first = await engine.deploy({ [`${key}.bpmn`]: file(key) }, options(key));
      const second = await engine.deploy({ [`${key}.bpmn`]: file(key) }, options(key));
      expect(second.body.id).toBe(first.body.id);
      expect(second.body.deployedProcessDefinitions).toBeNull();
      expect(await engine.count(`/process-definition/count?key=${key}`)).toBe(1);
    });

    it('deploys everything when one file has changed', async () => {
      const [one, two] = [uniqueKey(), uniqueKey()];
      await engine.deploy({ '1.bpmn': file(one), '2.bpmn': file(two) }, options(one));
      const changed = file(two, [start(), end(), path('start', 'end')]);
      const { body } = await engine.deploy({ '1.bpmn': file(one), '2.bpmn': changed }, options(one));
      expect(Object.keys(body.deployedProcessDefinitions ?? {})).toHaveLength(2);
    });

    it('deploys the changed file only when asked', async () => {
      const [one, two] = [uniqueKey(), uniqueKey()];
      const name = { 'deployment-name': one, 'deploy-changed-only': 'true' };
      await engine.deploy({ '1.bpmn': file(one), '2.bpmn': file(two) }, name);
      const changed = file(two, [start(), end(), path('start', 'end')]);
      const { body } = await engine.deploy({ '1.bpmn': file(one), '2.bpmn': changed }, name);
      expect(Object.values(body.deployedProcessDefinitions ?? {})).toMatchObject([{ key: two, version: 2 }]);
    });

    it('compares with deployments of the same name only', async () => {
      const key = uniqueKey();
      await engine.deploy({ [`${key}.bpmn`]: file(key) }, options(`${key}-a`));
      await engine.deploy({ [`${key}.bpmn`]: file(key) }, options(`${key}-b`));
      expect(await engine.count(`/process-definition/count?key=${key}`)).toBe(2);
    });
  });

  it('is listed by name and source', async () => {
    const key = uniqueKey();
    const { body } = await engine.deploy(
      { [`${key}.bpmn`]: file(key) },
      { 'deployment-name': key, 'deployment-source': `source of ${key}` },
    );
    const listed = {
      links: [],
      id: body.id,
      name: key,
      source: `source of ${key}`,
      deploymentTime: expect.stringMatching(DATE),
      tenantId: null,
    };
    expect(await engine.list(`/deployment?name=${key}`)).toEqual([listed]);
    expect(await engine.list(`/deployment?nameLike=${key.slice(0, -1)}%25`)).toEqual([listed]);
    expect(await engine.list(`/deployment?source=source%20of%20${key}`)).toEqual([listed]);
    expect(await engine.list(`/deployment?id=${body.id}`)).toEqual([listed]);
    expect(await engine.count(`/deployment/count?name=${key}`)).toBe(1);
    expect(await engine.read(`/deployment/${body.id}`)).toMatchObject({ id: body.id, name: key });
  });

  it('is a 404 when it is unknown', async () => {
    expect(await engine.get('/deployment/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', "Deployment with id 'nope' does not exist"),
    );
    expect(await engine.delete('/deployment/nope')).toMatchObject(
      refused(404, 'InvalidRequestException', "Deployment with id 'nope' do not exist"),
    );
  });

  it('is deleted with its definitions', async () => {
    const key = uniqueKey();
    const { body } = await engine.deploy({ [`${key}.bpmn`]: file(key) });
    expect(await engine.delete(`/deployment/${body.id}`)).toMatchObject({ status: 204, body: null });
    expect(await engine.get(`/deployment/${body.id}`)).toMatchObject({ status: 404 });
    expect(await engine.count(`/process-definition/count?key=${key}`)).toBe(0);
  });

  it('is not deleted under a running instance unless the deletion cascades', async () => {
    const scenario = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    const instance = await scenario.start();
    expect((await engine.delete(`/deployment/${scenario.deploymentId}`)).status).toBe(500);
    expect(await engine.delete(`/deployment/${scenario.deploymentId}?cascade=true`)).toMatchObject({
      status: 204,
    });
    expect(await engine.get(`/process-instance/${instance}`)).toMatchObject({ status: 404 });
    expect(await engine.get(`/history/process-instance/${instance}`)).toMatchObject({ status: 404 });
  });

  it('leaves the version before it as the latest when it is deleted', async () => {
    const key = uniqueKey();
    await engine.deploy({ [`${key}.bpmn`]: file(key) });
    const { body } = await engine.deploy({ [`${key}.bpmn`]: file(key) });
    await engine.delete(`/deployment/${body.id}`);
    expect(await engine.read(`/process-definition/key/${key}`)).toMatchObject({ version: 1 });
  });
});
