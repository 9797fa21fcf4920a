import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { callActivity, catchMessage, end, message, path, start, task, user } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

const forTenant = (key: string, tenant: string | null, content = ONE_TASK, definitions = '') =>
  engine.process(content, { key, definitions, fields: tenant === null ? {} : { 'tenant-id': tenant } });

describe('tenant', () => {
  it('has versions of its own', async () => {
    const key = uniqueKey();
    await forTenant(key, 't1');
    await forTenant(key, 't1');
    await forTenant(key, 't2');
    await forTenant(key, null);
    const version = async (path: string) =>
      (await engine.read(`/process-definition/key/${key}${path}`)).version;
    expect(await version('/tenant-id/t1')).toBe(2);
    expect(await version('/tenant-id/t2')).toBe(1);
    expect(await version('')).toBe(1);
  });

  it('is not found by its key alone', async () => {
    const key = uniqueKey();
    await forTenant(key, 't1');
    expect(await engine.post(`/process-definition/key/${key}/start`)).toMatchObject(
      refused(404, 'RestException', `No matching process definition with key: ${key} and no tenant-id`),
    );
  });

  it('stands on everything that its process makes', async () => {
    const key = uniqueKey();
    const process = await forTenant(key, 't1');
    const { body } = await engine.post(`/process-definition/key/${key}/tenant-id/t1/start`, {
      variables: { v: { value: 1 } },
    });
    const id = String(body.id);
    expect(body).toMatchObject({ tenantId: 't1' });
    expect(await process.fetchOne('A')).toMatchObject({ tenantId: 't1' });
    expect(await engine.read(`/process-instance/${id}`)).toMatchObject({ tenantId: 't1' });
    expect(await engine.read(`/history/process-instance/${id}`)).toMatchObject({ tenantId: 't1' });
    expect(await engine.read(`/deployment/${process.deploymentId}`)).toMatchObject({ tenantId: 't1' });
    for (const list of ['/history/activity-instance', '/history/variable-instance', '/external-task']) {
      const rows = await engine.list(`${list}?processInstanceId=${id}`);
      expect([...new Set(rows.map(({ tenantId }) => tenantId))]).toEqual(['t1']);
    }
  });

  it('is a filter of lists', async () => {
    const key = uniqueKey();
    await (await forTenant(key, 't1')).start();
    await (await forTenant(key, null)).start();
    for (const list of [
      '/process-definition/count?key=',
      '/process-instance/count?processDefinitionKey=',
      '/external-task/count?processDefinitionKey=',
      '/history/process-instance/count?processDefinitionKey=',
    ]) {
      expect(await engine.count(`${list}${key}`)).toBe(2);
      expect(await engine.count(`${list}${key}&tenantIdIn=t1,t9`)).toBe(1);
      expect(await engine.count(`${list}${key}&tenantIdIn=t9`)).toBe(0);
    }
    for (const list of [
      '/process-definition/count?key=',
      '/process-instance/count?processDefinitionKey=',
      '/history/process-instance/count?processDefinitionKey=',
    ]) {
      expect(await engine.count(`${list}${key}&withoutTenantId=true`)).toBe(1);
    }
  });

  it('is a filter of topics', async () => {
    const key = uniqueKey();
    const process = await forTenant(key, 't1');
    await process.start();
    expect(await process.fetch('A', { withoutTenantId: true })).toEqual([]);
    expect(await process.fetch('A', { tenantIdIn: ['t2'] })).toEqual([]);
    expect(await process.fetch('A', { tenantIdIn: ['t2', 't1'] })).toHaveLength(1);
  });

  it('is a filter of messages', async () => {
    const [key, name] = [uniqueKey(), uniqueKey('m')];
    const content = [start(), catchMessage('M', 'm'), task('A'), end(), path('start', 'M', 'A', 'end')];
    const ours = await forTenant(key, 't1', content, message('m', name));
    const shared = await forTenant(key, null, content, message('m', name));
    const [one, two] = [await ours.start(), await shared.start()];
    expect(await engine.post('/message', { messageName: name, tenantId: 't1' })).toMatchObject({
      status: 204,
    });
    expect(await ours.waitsIn(one)).toEqual(['A']);
    expect(await engine.post('/message', { messageName: name, withoutTenantId: true })).toMatchObject({
      status: 204,
    });
    expect(await shared.waitsIn(two)).toEqual(['A']);
  });

  it('cannot be named with one instance', async () => {
    expect(
      await engine.post('/message', { messageName: uniqueKey('m'), tenantId: 't', processInstanceId: 'x' }),
    ).toMatchObject(
      refused(
        400,
        'BadUserRequestException',
        'ENGINE-13028 Cannot specify a tenant-id when correlate a message to a single process instance.',
        0,
      ),
    );
  });

  it('calls processes of its own', async () => {
    const child = uniqueKey('c');
    const ours = await forTenant(child, 't1');
    await forTenant(child, null, [start(), user('U'), end(), path('start', 'U', 'end')]);
    const parent = await forTenant(uniqueKey(), 't1', [
      start(),
      callActivity('C', child),
      end(),
      path('start', 'C', 'end'),
    ]);
    await parent.start();
    expect(await ours.fetchOne('A')).toMatchObject({ tenantId: 't1' });
  });

  it('keeps duplicates apart', async () => {
    const key = uniqueKey();
    const fields = { 'enable-duplicate-filtering': 'true', 'deployment-name': key };
    await engine.process(ONE_TASK, { key, fields: { ...fields, 'tenant-id': 't1' } });
    await engine.process(ONE_TASK, { key, fields });
    expect(await engine.count(`/deployment/count?name=${key}`)).toBe(2);
    expect(await engine.count(`/deployment/count?name=${key}&tenantIdIn=t1`)).toBe(1);
    expect(await engine.count(`/deployment/count?name=${key}&withoutTenantId=true`)).toBe(1);
  });
});
