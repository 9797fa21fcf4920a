import { beforeEach, describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../config/index.js';

import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
  EngineTooLateError,
  isConnectionTrouble,
} from './engine.errors.js';
import { createEngineClients, type EngineClients } from './testing/engine-clients.js';
import { ScriptedTransport } from './testing/scripted-transport.js';

const HISTORIC = {
  id: 'PI',
  businessKey: 'b',
  processDefinitionId: 'p:1:x',
  processDefinitionKey: 'p',
  startTime: 's',
  endTime: null,
  rootProcessInstanceId: 'PI',
  superProcessInstanceId: null,
  state: 'ACTIVE',
  deleteReason: null,
};

describe('the clients of the engine', () => {
  let transport: ScriptedTransport;
  let clients: EngineClients;

  beforeEach(() => {
    transport = new ScriptedTransport();
    clients = createEngineClients(
      transport,
      createConfiguration({ CAMUNDA_START_TIMEOUT_MS: '1234' }).camunda,
    );
  });

  const start = () =>
    clients.instances.startProcessInstance({ processKey: 'a/b', businessKey: 'b', variables: {} });

  it('starts the latest version of a key with a timeout of its own', async () => {
    transport.json(200, { id: 'PI', definitionId: 'p:1:x', businessKey: 'b', ended: false, links: [] });
    expect(await start()).toEqual({ id: 'PI', definitionId: 'p:1:x', businessKey: 'b', ended: false });
    expect(transport.requests[0]).toMatchObject({
      method: 'POST',
      path: '/process-definition/key/a%2Fb/start',
      timeoutMs: 1_234,
      json: { businessKey: 'b', variables: {} },
    });
  });

  it('sends no start after the time that the caller allows', async () => {
    const late = { processKey: 'a', businessKey: 'b', variables: {}, notAfter: performance.now() - 1 };
    await expect(clients.instances.startProcessInstance(late)).rejects.toBeInstanceOf(EngineTooLateError);
    expect(transport.requests).toEqual([]);
  });

  it.each([
    [{ tenantId: 'bank' }, '/process-definition/key/a/tenant-id/bank/start'],
    [{ tenantId: 'bank', definitionId: 'a:2:x' }, '/process-definition/a%3A2%3Ax/start'],
    [{ definitionId: 'a:2:x' }, '/process-definition/a%3A2%3Ax/start'],
    [{ tenantId: null, definitionId: null }, '/process-definition/key/a/start'],
  ])('starts the definition of %j', async (choice, path) => {
    transport.json(200, { id: 'PI', definitionId: 'p:1:x', businessKey: 'b', ended: false });
    await clients.instances.startProcessInstance({
      processKey: 'a',
      businessKey: 'b',
      variables: {},
      ...choice,
    });
    expect(transport.requests[0]?.path).toBe(path);
  });

  it.each([
    [
      404,
      { type: 'RestException', message: 'No matching process definition', code: null },
      EngineResponseError,
    ],
    [400, { type: 'InvalidRequestException', message: null }, EngineResponseError],
    [500, { type: 'RestException', message: 'x', code: 0 }, EngineResponseError],
    [401, '', EngineMisconfiguredError],
    [403, { type: 'AuthorizationException', message: 'x' }, EngineMisconfiguredError],
    [404, '<html>', EngineMisconfiguredError],
    [302, '', EngineMisconfiguredError],
    [200, '<html>', EngineMisconfiguredError],
    [200, { id: '' }, EngineMisconfiguredError],
    [408, '', EngineAmbiguousError],
    [429, { type: 'x', message: 'y' }, EngineAmbiguousError],
    [502, '', EngineAmbiguousError],
    [503, '', EngineAmbiguousError],
    [504, '', EngineAmbiguousError],
  ])('reads %i with %p as %p', async (status, body, type) => {
    transport.json(status, body);
    await expect(start()).rejects.toThrow(type);
  });

  it('keeps the facts of a refusal, and distinguishes a conflict', async () => {
    transport.json(500, {
      type: 'OptimisticLockingException',
      message: 'concurrently',
      code: 1,
      details: { a: 1 },
    });
    const error = await start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      status: 500,
      type: 'OptimisticLockingException',
      code: 1,
      engineMessage: 'concurrently',
      details: { a: 1 },
      optimisticLocking: true,
    });
    expect(isConnectionTrouble(error)).toBe(false);
  });

  it('passes on the errors of the transport', async () => {
    const lost = new EngineAmbiguousError({ method: 'POST', path: '/' }, 'reset', null);
    transport.answers.push(lost);
    await expect(start()).rejects.toBe(lost);
    expect(isConnectionTrouble(lost)).toBe(true);
  });

  it('reads an instance, and returns null if there is none', async () => {
    transport.json(200, { id: 'PI', definitionId: 'd', businessKey: null, suspended: false });
    expect(await clients.instances.getProcessInstance('PI')).toMatchObject({ id: 'PI' });
    transport.json(404, { type: 'InvalidRequestException', message: 'does not exist', code: null });
    expect(await clients.instances.getProcessInstance('PI')).toBeNull();
    transport.json(500, { type: 'X', message: 'y' });
    await expect(clients.instances.getProcessInstance('PI')).rejects.toThrow(EngineResponseError);
  });

  it('deletes an instance, also one that no longer exists', async () => {
    expect(await clients.instances.deleteProcessInstance('PI')).toBe('deleted');
    expect(transport.requests[0]).toMatchObject({ method: 'DELETE', path: '/process-instance/PI' });
    transport.json(404, { type: 'InvalidRequestException', message: 'does not exist' });
    expect(await clients.instances.deleteProcessInstance('PI')).toBe('gone');
  });

  it('finds instances by business key and definition in history, page by page', async () => {
    transport
      .json(
        200,
        Array.from({ length: 500 }, () => HISTORIC),
      )
      .json(200, [HISTORIC]);
    expect(await clients.history.findInstances({ businessKey: 'b', processKey: 'p' })).toHaveLength(501);
    expect(
      transport.requests.map(({ path, query }) => [
        path,
        query?.processInstanceBusinessKey,
        query?.processDefinitionKey,
        query?.firstResult,
      ]),
    ).toEqual([
      ['/history/process-instance', 'b', 'p', 0],
      ['/history/process-instance', 'b', 'p', 500],
    ]);
  });

  it('reads a historic instance, and returns null if there is none', async () => {
    transport.json(200, HISTORIC);
    expect(await clients.history.getHistoricInstance('PI')).toEqual(HISTORIC);
    transport.json(404, { type: 'InvalidRequestException', message: 'x' });
    expect(await clients.history.getHistoricInstance('PI')).toBeNull();
  });

  it('reads the variables of the instance itself, not those of inner scopes', async () => {
    const row = { processInstanceId: 'PI', activityInstanceId: 'PI' };
    transport.json(200, [
      { ...row, name: 'a', type: 'Json', value: '{"n":1}' },
      { ...row, name: 'b', type: 'Integer', value: 2, activityInstanceId: null },
      { ...row, name: 'a', type: 'String', value: 'inner', activityInstanceId: 'Task:1' },
    ]);
    expect({ ...(await clients.history.getHistoricVariables('PI')) }).toEqual({ a: { n: 1 }, b: 2 });
    expect(transport.requests[0]?.query).toMatchObject({ deserializeValues: false });
  });

  it('lists the latest definitions in pages of 100, because a page of 500 may take longer than a call', async () => {
    const definitions = Array.from({ length: 101 }, (_, n) => ({
      id: `p${n}:1:x`,
      key: `p${n}`,
      version: 1,
      suspended: false,
    }));
    transport.json(200, definitions.slice(0, 100));
    transport.json(200, definitions.slice(100));
    expect(await clients.definitions.findLatest()).toEqual(definitions);
    expect(transport.requests.map(({ query }) => [query?.firstResult, query?.maxResults])).toEqual([
      [0, 100],
      [100, 100],
    ]);
  });

  it('finds incidents of definitions after a time', async () => {
    const incident = {
      id: 'I',
      processInstanceId: 'PI',
      processDefinitionId: 'd',
      incidentTimestamp: 't',
      incidentType: 'failedExternalTask',
      activityId: 'A',
      configuration: 'T',
      incidentMessage: 'm',
    };
    transport.json(200, [incident]);
    expect(
      await clients.instances.findIncidentsAfter({
        incidentTimestampAfter: 't0',
        processKeys: ['a', 'b'],
        firstResult: 0,
        maxResults: 10,
      }),
    ).toEqual([incident]);
    expect(transport.requests[0]?.query).toEqual({
      incidentTimestampAfter: 't0',
      firstResult: 0,
      maxResults: 10,
      processDefinitionKeyIn: 'a,b',
      sortBy: 'incidentTimestamp',
      sortOrder: 'asc',
    });
  });

  it('finds and unlocks locked tasks', async () => {
    transport.json(200, [{ id: 'T', topicName: 't', workerId: 'w' }]);
    expect(await clients.instances.findLockedTasks('w')).toEqual([
      { id: 'T', topicName: 't', workerId: 'w' },
    ]);
    await clients.instances.unlockTask('T');
    expect(transport.requests[1]).toMatchObject({ method: 'POST', path: '/external-task/T/unlock' });
  });

  it('deploys only what changed', async () => {
    transport.json(200, {
      id: 'D',
      deployedProcessDefinitions: { 'p:1:x': { id: 'p:1:x', key: 'p', version: 1 } },
    });
    expect(
      await clients.deployments.deploy({ name: 'n', resources: [{ filename: 'p.bpmn', content: '<x/>' }] }),
    ).toEqual({
      id: 'D',
      deployed: [{ id: 'p:1:x', key: 'p', version: 1 }],
    });
    expect(transport.requests[0]?.multipart).toEqual(
      expect.arrayContaining([
        { name: 'deployment-name', content: 'n' },
        { name: 'enable-duplicate-filtering', content: 'true' },
        { name: 'deploy-changed-only', content: 'true' },
        { name: 'p.bpmn', filename: 'p.bpmn', content: '<x/>' },
      ]),
    );
    transport.json(200, { id: 'D', deployedProcessDefinitions: null });
    expect((await clients.deployments.deploy({ name: 'n', resources: [] })).deployed).toEqual([]);
  });

  it('reads the version, which may be missing', async () => {
    transport.json(200, { version: '7.24.0' }).json(200, { version: null });
    expect([await clients.connection.version(), await clients.connection.version()]).toEqual([
      '7.24.0',
      null,
    ]);
  });
});
