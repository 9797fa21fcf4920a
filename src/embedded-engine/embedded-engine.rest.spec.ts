/** The engine as its clients meet it: deployed, started, worked and read over HTTP only. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEmbeddedEngine, startEngineServer, type EmbeddedEngine, type EngineServer } from './index.js';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const BPMN = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:test">
  <error id="declined" name="declined" errorCode="DECLINED"/>
  <process id="order" name="Order" isExecutable="true" camunda:historyTimeToLive="P30D" camunda:versionTag="v1">
    <startEvent id="Start"/>
    <serviceTask id="Charge" name="Charge the card" camunda:type="external" camunda:topic="charge">
      <extensionElements>
        <camunda:properties><camunda:property name="team" value="billing"/></camunda:properties>
        <camunda:inputOutput>
          <camunda:inputParameter name="label">order \${orderId}</camunda:inputParameter>
          <camunda:outputParameter name="receipt">\${receiptId}</camunda:outputParameter>
        </camunda:inputOutput>
      </extensionElements>
    </serviceTask>
    <boundaryEvent id="Declined" attachedToRef="Charge">
      <errorEventDefinition errorRef="declined" camunda:errorCodeVariable="code" camunda:errorMessageVariable="reason"/>
    </boundaryEvent>
    <exclusiveGateway id="Big" default="small"/>
    <serviceTask id="Ship" camunda:type="external" camunda:topic="ship"/>
    <endEvent id="Done"/>
    <endEvent id="Rejected"/>
    <sequenceFlow id="f1" sourceRef="Start" targetRef="Charge"/>
    <sequenceFlow id="f2" sourceRef="Charge" targetRef="Big"/>
    <sequenceFlow id="big" sourceRef="Big" targetRef="Ship"><conditionExpression xsi:type="tFormalExpression">\${amount > 100}</conditionExpression></sequenceFlow>
    <sequenceFlow id="small" sourceRef="Big" targetRef="Done"/>
    <sequenceFlow id="f3" sourceRef="Ship" targetRef="Done"/>
    <sequenceFlow id="f4" sourceRef="Declined" targetRef="Rejected"/>
  </process>
</definitions>`;

let engine: EmbeddedEngine;
let server: EngineServer;

beforeEach(async () => {
  engine = await openEmbeddedEngine();
  server = await startEngineServer({ engine, port: 0 });
});

afterEach(async () => {
  await server.close();
  await engine.close();
});

async function call(request: string, body?: unknown): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(server.baseUrl + path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

async function ok<T = Record<string, unknown>>(request: string, body?: unknown): Promise<T> {
  const answer = await call(request, body);
  expect(answer).toMatchObject({ status: answer.status < 300 ? answer.status : 200 });
  return answer.body as T;
}

async function deploy(content = BPMN, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const form = new FormData();
  form.set('deployment-name', 'orders');
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('order.bpmn', new Blob([content]), 'order.bpmn');
  const response = await fetch(`${server.baseUrl}/deployment/create`, { method: 'POST', body: form });
  return { status: response.status, body: await response.json() };
}

async function start(amount: number): Promise<string> {
  const instance = await ok<{ id: string }>('POST /process-definition/key/order/start', {
    businessKey: 'ord-1',
    variables: { amount: { value: amount, type: 'Integer' }, orderId: { value: 'A1' } },
  });
  return instance.id;
}

interface Task {
  readonly id: string;
  readonly variables: Readonly<Record<string, { readonly value: unknown }>>;
}

async function fetchTasks(topicName: string, more: object = {}): Promise<readonly Task[]> {
  return ok('POST /external-task/fetchAndLock', {
    workerId: 'w',
    maxTasks: 5,
    topics: [{ topicName, lockDuration: 10_000, includeExtensionProperties: true }],
    ...more,
  });
}

async function fetchOne(topicName: string): Promise<Task> {
  const [task] = await fetchTasks(topicName);
  expect(task).toBeDefined();
  return task!;
}

describe('the embedded engine over HTTP', () => {
  it('runs a process from deployment to history', async () => {
    const deployed = (await deploy()).body as { deployedProcessDefinitions: Record<string, unknown> };
    expect(Object.values(deployed.deployedProcessDefinitions)).toMatchObject([
      {
        key: 'order',
        name: 'Order',
        version: 1,
        versionTag: 'v1',
        historyTimeToLive: 30,
        category: 'urn:test',
      },
    ]);
    const id = await start(500);
    const charge = await fetchOne('charge');
    expect(charge).toMatchObject({
      processInstanceId: id,
      activityId: 'Charge',
      businessKey: 'ord-1',
      workerId: 'w',
      retries: null,
      extensionProperties: { team: 'billing' },
      variables: { label: { type: 'String', value: 'order A1' }, amount: { type: 'Integer', value: 500 } },
    });
    await ok(`POST /external-task/${charge.id}/complete`, {
      workerId: 'w',
      localVariables: { receiptId: { value: 'R7' } },
    });
    const ship = await fetchOne('ship');
    expect(ship.variables.receipt?.value).toBe('R7');
    expect(await ok(`GET /process-instance/${id}`)).toMatchObject({
      id,
      ended: false,
      definitionKey: 'order',
    });
    await ok(`POST /external-task/${ship.id}/complete`, {
      workerId: 'w',
      variables: { result: { type: 'Json', value: '{"ok":true}' } },
    });
    expect((await call(`GET /process-instance/${id}`)).status).toBe(404);
    expect(await ok(`GET /history/process-instance/${id}`)).toMatchObject({
      state: 'COMPLETED',
      businessKey: 'ord-1',
      startActivityId: 'Start',
      processDefinitionVersion: 1,
    });
    const variables = await ok<{ name: string; value: unknown }[]>(
      `GET /history/variable-instance?processInstanceId=${id}&variableName=result&deserializeValues=false`,
    );
    expect(variables).toMatchObject([
      { name: 'result', type: 'Json', value: '{"ok":true}', state: 'CREATED' },
    ]);
    const activities = await ok<{ activityId: string; activityType: string }[]>(
      `GET /history/activity-instance?processInstanceId=${id}&sortBy=occurrence&sortOrder=asc`,
    );
    expect(activities.map((one) => one.activityId).sort()).toEqual([
      'Big',
      'Charge',
      'Done',
      'Ship',
      'Start',
    ]);
  });

  it('creates an incident for a failure without retries and continues when retries are set', async () => {
    await deploy();
    const id = await start(1);
    const task = await fetchOne('charge');
    await ok(`POST /external-task/${task.id}/failure`, {
      workerId: 'w',
      errorMessage: 'timeout',
      errorDetails: 'stack',
    });
    expect(await ok(`GET /incident?processInstanceId=${id}`)).toMatchObject([
      {
        incidentType: 'failedExternalTask',
        incidentMessage: 'timeout',
        configuration: task.id,
        activityId: 'Charge',
      },
    ]);
    const details = await fetch(`${server.baseUrl}/external-task/${task.id}/errorDetails`);
    expect(await details.text()).toBe('stack');
    expect(await ok(`POST /process-instance/count`, { withIncident: true })).toEqual({ count: 1 });
    await ok(`PUT /external-task/${task.id}/retries`, { retries: 1 });
    expect(await ok('GET /incident/count')).toEqual({ count: 0 });
    await ok(`POST /external-task/${task.id}/unlock`);
    const again = await fetchOne('charge');
    await ok(`POST /external-task/${again.id}/complete`, {
      workerId: 'w',
      localVariables: { receiptId: { value: 'R' } },
    });
    expect(await ok('GET /history/process-instance?finished=true')).toMatchObject([
      { id, state: 'COMPLETED' },
    ]);
  });

  it('takes the error path of a BPMN error', async () => {
    await deploy();
    const id = await start(1);
    const task = await fetchOne('charge');
    await ok(`POST /external-task/${task.id}/bpmnError`, {
      workerId: 'w',
      errorCode: 'DECLINED',
      errorMessage: 'no funds',
      // Camunda maps the outputs of an interrupted activity too.
      variables: { receiptId: { value: 'none' } },
    });
    const variables = await ok<{ name: string; value: unknown }[]>(
      `GET /history/variable-instance?processInstanceId=${id}`,
    );
    expect(Object.fromEntries(variables.map((one) => [one.name, one.value]))).toMatchObject({
      code: 'DECLINED',
      reason: 'no funds',
    });
    expect(await ok('GET /history/activity-instance?activityId=Rejected')).toMatchObject([
      { activityType: 'noneEndEvent' },
    ]);
  });

  it('responds to a wrong worker, an unknown task and a failing step as Camunda does', async () => {
    await deploy();
    await start(1);
    const task = await fetchOne('charge');
    expect(await call(`POST /external-task/${task.id}/complete`, { workerId: 'b' })).toEqual({
      status: 400,
      body: {
        type: 'RestException',
        message: `External Task ${task.id} cannot be completed by worker 'b'. It is locked by worker 'w'.`,
        code: 0,
      },
    });
    expect(await call('POST /external-task/nope/complete', { workerId: 'w' })).toEqual({
      status: 404,
      body: { type: 'RestException', message: 'External task with id nope does not exist', code: 0 },
    });
    const failed = await call(`POST /external-task/${task.id}/complete`, { workerId: 'w' });
    expect(failed).toMatchObject({ status: 500, body: { code: 0 } });
    expect(JSON.stringify(failed.body)).toContain("Cannot resolve identifier 'receiptId'");
    expect(await ok('GET /external-task/count?locked=true')).toEqual({ count: 1 });
  });

  it('serves a waiting poll with a new task, and drops a poll whose client has disconnected', async () => {
    await deploy();
    const gone = new AbortController();
    const abandoned = fetch(`${server.baseUrl}/external-task/fetchAndLock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        workerId: 'gone',
        maxTasks: 1,
        asyncResponseTimeout: 60_000,
        topics: [{ topicName: 'charge', lockDuration: 1_000 }],
      }),
      signal: gone.signal,
    }).catch(() => 'aborted');
    const waiting = fetchTasks('charge', { workerId: 'stays', asyncResponseTimeout: 60_000 });
    await ok('GET /version');
    gone.abort();
    expect(await abandoned).toBe('aborted');
    await ok('GET /version');
    await start(1);
    expect(await waiting).toMatchObject([{ workerId: 'stays', activityId: 'Charge' }]);
  });

  it('deploys only changed resources', async () => {
    const first = (await deploy()).body as { id: string };
    const same = await deploy(BPMN, { 'enable-duplicate-filtering': 'true' });
    expect(same.body).toMatchObject({ id: first.id, deployedProcessDefinitions: null });
    await deploy(BPMN.replace('versionTag="v1"', 'versionTag="v2"'), { 'deploy-changed-only': 'true' });
    expect(await ok('GET /process-definition?key=order&latestVersion=true')).toMatchObject([
      { version: 2, versionTag: 'v2' },
    ]);
    expect(await ok('GET /process-definition/count')).toEqual({ count: 2 });
    expect(await ok('GET /process-definition/key/order/xml')).toMatchObject({
      bpmn20Xml: expect.stringContaining('v2'),
    });
    expect((await call(`DELETE /deployment/${first.id}`)).status).toBe(204);
    expect(await ok('GET /deployment/count')).toEqual({ count: 1 });
  });

  it('rejects unsupported elements, with every problem and its element', async () => {
    const refused = await deploy(
      BPMN.replace('<endEvent id="Rejected"/>', '<complexGateway id="Rejected"/><callActivity id="sub"/>'),
    );
    expect(refused).toMatchObject({
      status: 400,
      body: {
        type: 'ParseException',
        code: 0,
        details: {
          'order.bpmn': { errors: [{ mainElementId: 'Rejected' }, { mainElementId: 'sub' }], warnings: [] },
        },
      },
    });
    expect(await ok('GET /deployment/count')).toEqual({ count: 0 });
  });

  it('reads and changes variables of a running instance, and deletes it', async () => {
    await deploy();
    const id = await start(7);
    await ok(`PUT /process-instance/${id}/variables/note`, { value: 'hi', type: 'String' });
    await ok(`POST /process-instance/${id}/variables`, {
      modifications: { n: { value: 1 } },
      deletions: ['amount'],
    });
    expect(await ok(`GET /process-instance/${id}/variables`)).toEqual({
      orderId: { type: 'String', value: 'A1', valueInfo: {} },
      note: { type: 'String', value: 'hi', valueInfo: {} },
      n: { type: 'Integer', value: 1, valueInfo: {} },
    });
    expect((await call(`GET /process-instance/${id}/variables/amount`)).status).toBe(404);
    expect((await call(`GET /process-instance/nope/variables`)).status).toBe(500);
    expect((await call(`DELETE /process-instance/${id}?skipIoMappings=true`)).status).toBe(204);
    expect((await call(`DELETE /process-instance/${id}`)).status).toBe(404);
    expect(await ok(`GET /history/process-instance/${id}`)).toMatchObject({ state: 'EXTERNALLY_TERMINATED' });
  });

  it('rejects fetches without a worker or a lock duration', async () => {
    expect(await call('POST /external-task/fetchAndLock', { topics: [] })).toMatchObject({
      status: 500,
      body: { type: 'NullValueException', message: 'workerId is null' },
    });
    expect(
      await call('POST /external-task/fetchAndLock', {
        workerId: 'w',
        maxTasks: 1,
        topics: [{ topicName: 'a' }],
      }),
    ).toMatchObject({
      status: 500,
      body: { type: 'ProcessEngineException', message: 'lockTime is not greater than 0' },
    });
  });
});
