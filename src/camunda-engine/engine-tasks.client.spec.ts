import { beforeEach, describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../config/index.js';
import { isTaskGone } from './engine-tasks.client.js';
import { createEngineClients, type EngineClients } from './testing/engine-clients.js';
import { ScriptedTransport } from './testing/scripted-transport.js';

const TASK = {
  id: 't',
  name: 'Decide',
  taskDefinitionKey: 'decide',
  processInstanceId: 'PI',
  assignee: null,
  priority: 50,
  suspended: false,
  created: '2026-01-31T10:00:00.000+0000',
};
const GONE = { type: 'NullValueException', message: 'Cannot find task with id t: task is null', code: 0 };

describe('EngineTasksClient', () => {
  let transport: ScriptedTransport;
  let clients: EngineClients;

  beforeEach(() => {
    transport = new ScriptedTransport();
    clients = createEngineClients(transport, createConfiguration({}).camunda);
  });

  it('finds tasks after a time, by their creation and their id', async () => {
    transport.json(200, [{ ...TASK, owner: null }]);
    const after = new Date('2026-01-31T09:00:00.000Z');
    expect(await clients.tasks.findTasks({ processInstanceIds: ['PI'], name: 'Decide' }, after, 5)).toEqual([
      TASK,
    ]);
    expect(transport.requests[0]).toMatchObject({
      method: 'POST',
      path: '/task',
      query: { maxResults: 5 },
      json: {
        name: 'Decide',
        processInstanceIdIn: ['PI'],
        createdAfter: '2026-01-31T09:00:00.000+0000',
        sorting: [
          { sortBy: 'created', sortOrder: 'asc' },
          { sortBy: 'id', sortOrder: 'asc' },
        ],
      },
    });
  });

  it('reads the candidates of a task in alphabetical order', async () => {
    transport.json(200, [
      { userId: null, groupId: 'z', type: 'candidate' },
      { userId: 'u', groupId: null, type: 'candidate' },
      { userId: null, groupId: 'a', type: 'candidate' },
    ]);
    expect(await clients.tasks.findCandidates('t')).toEqual({ users: ['u'], groups: ['a', 'z'] });
  });

  it('finds nothing of a task that is gone', async () => {
    transport.json(404, {
      type: 'InvalidRequestException',
      message: 'No matching task with id t',
      code: null,
    });
    expect(await clients.tasks.getTask('t')).toBeNull();
    transport.json(500, GONE);
    expect(await clients.tasks.findCandidates('t')).toBeNull();
    transport.json(500, { ...GONE, message: "task t doesn't exist: task is null" });
    expect(await clients.tasks.findVariables('t')).toBeNull();
    transport.json(200, []);
    expect(await clients.tasks.findEndedTask('t')).toBeNull();
  });

  it('throws for a command on a task that is gone an error that says so', async () => {
    transport.json(500, { ...GONE, message: `Cannot complete task t: ${GONE.message}` });
    const error: unknown = await clients.tasks.complete('t', {}).catch((thrown: unknown) => thrown);
    expect(isTaskGone(error)).toBe(true);
    transport.json(500, { type: 'RestException', message: 'Cannot complete task t: other', code: 0 });
    const other: unknown = await clients.tasks.complete('t', {}).catch((thrown: unknown) => thrown);
    expect(isTaskGone(other)).toBe(false);
  });

  it('finds the latest definitions of all tenants', async () => {
    transport.json(200, [
      { id: 'a:2', key: 'a', name: null, version: 2, versionTag: 'v', suspended: false, tenantId: null },
    ]);
    expect(await clients.definitions.findLatest()).toEqual([
      { id: 'a:2', key: 'a', name: null, version: 2, versionTag: 'v', suspended: false, tenantId: null },
    ]);
    expect(transport.requests[0]).toMatchObject({ query: { latestVersion: true, sortBy: 'id' } });
    expect(transport.requests[0]?.query).not.toHaveProperty('withoutTenantId');
  });

  it('finds the newest version with a tag, of a tenant or without tenant', async () => {
    transport.json(200, [{ id: 'a:2', key: 'a', version: 2, suspended: false }]);
    expect(await clients.definitions.findTagged({ key: 'a', tenantId: 'bank' }, 'v')).toMatchObject({
      id: 'a:2',
    });
    transport.json(200, []);
    expect(await clients.definitions.findTagged({ key: 'a', tenantId: null }, 'v')).toBeNull();
    const query = { key: 'a', versionTag: 'v', sortBy: 'version', sortOrder: 'desc', maxResults: 1 };
    expect(transport.requests.map((request) => request.query)).toEqual([
      { ...query, tenantIdIn: 'bank' },
      { ...query, withoutTenantId: true },
    ]);
  });
});
