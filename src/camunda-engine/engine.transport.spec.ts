import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createConfiguration } from '../config/index.js';
import {
  createRouter,
  type EmbeddedEngine,
  type EngineServer,
  openEmbeddedEngine,
  startEngineServer,
} from '../embedded-engine/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { createEngineClients, type EngineClients } from './testing/engine-clients.js';
import { EngineAmbiguousError, EngineResponseError } from './engine.errors.js';
import type { EngineRequest, EngineResponse, EngineTransport } from './engine.transport.js';
import { HttpEngineTransport } from './http-engine.transport.js';
import { InProcessEngineTransport } from './in-process-engine.transport.js';

Logger.overrideLogger(false);

const PARCEL = readFileSync('test/fixtures/parcel/parcel.bpmn', 'utf8');

/** An engine with a server, and both transports to it. */
class ReachableEngine {
  private constructor(
    readonly engine: EmbeddedEngine,
    private readonly server: EngineServer,
    private readonly shutdown: ShutdownService,
    readonly http: EngineTransport,
    readonly inproc: EngineTransport,
  ) {}

  static async open(): Promise<ReachableEngine> {
    const engine = await openEmbeddedEngine();
    const server = await startEngineServer({ engine, port: 0 });
    const router = createRouter(engine, () => undefined);
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    return new ReachableEngine(
      engine,
      server,
      shutdown,
      new HttpEngineTransport({ baseUrl: server.baseUrl }, shutdown),
      new InProcessEngineTransport((request) => router.dispatch(request), server.baseUrl),
    );
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.shutdown.stop();
    await this.server.close();
  }
}

const post = (path: string, json?: unknown): EngineRequest => ({
  method: 'POST',
  path,
  json,
  timeoutMs: 5_000,
});
const get = (path: string, query?: EngineRequest['query']): EngineRequest => ({
  method: 'GET',
  path,
  ...(query === undefined ? {} : { query }),
  timeoutMs: 5_000,
});

const fetchBody = (workerId: string, more: object = {}) => ({
  workerId,
  maxTasks: 10,
  topics: [{ topicName: 'parcel.work', lockDuration: 60_000 }],
  ...more,
});

describe.each(['http', 'inproc'] as const)('an engine over %s', (kind) => {
  let reachable: ReachableEngine;
  let transport: EngineTransport;
  let clients: EngineClients;

  beforeEach(async () => {
    reachable = await ReachableEngine.open();
    transport = reachable[kind];
    clients = createEngineClients(transport, createConfiguration({}).camunda);
  });

  afterEach(async () => {
    await reachable.close();
  });

  const deploy = () =>
    clients.deployments.deploy({ name: 'parcel', resources: [{ filename: 'parcel.bpmn', content: PARCEL }] });
  const start = (businessKey = 'p-1') =>
    clients.instances.startProcessInstance({
      processKey: 'parcel',
      businessKey,
      variables: {
        json: { type: 'Json', value: '{"a":[1]}' },
        when: { type: 'Date', value: '2026-01-31T10:00:00.000+0000' },
        nothing: { type: 'Null', value: null },
        absent: { type: undefined, value: 7 },
      },
    });

  it('deploys once, and returns the new definitions', async () => {
    const first = await deploy();
    expect(first.deployed).toMatchObject([{ key: 'parcel', version: 1 }]);
    expect(await deploy()).toEqual({ id: first.id, deployed: [] });
  });

  it('refuses a BPMN that cannot be parsed with the problems of each resource', async () => {
    const refused = clients.deployments.deploy({
      name: 'x',
      resources: [{ filename: 'x.bpmn', content: '<x' }],
    });
    await expect(refused).rejects.toMatchObject({
      name: 'EngineResponseError',
      status: 400,
      type: 'ParseException',
      details: { 'x.bpmn': { errors: [expect.anything()] } },
    });
  });

  it('starts, finds, reads and deletes an instance', async () => {
    await deploy();
    const { id } = await start('ü 1');
    expect(await clients.instances.getProcessInstance(id)).toMatchObject({
      id,
      businessKey: 'ü 1',
      suspended: false,
    });
    expect(await clients.history.findInstances({ businessKey: 'ü 1', processKey: 'parcel' })).toMatchObject([
      { id, state: 'ACTIVE' },
    ]);
    expect(await clients.history.getHistoricVariables(id)).toMatchObject({
      json: { a: [1] },
      when: new Date('2026-01-31T10:00:00.000Z'),
      nothing: null,
      absent: 7,
    });
    expect(await clients.instances.deleteProcessInstance(id)).toBe('deleted');
    expect(await clients.instances.deleteProcessInstance(id)).toBe('gone');
    expect(await clients.instances.getProcessInstance(id)).toBeNull();
    expect(await clients.history.getHistoricInstance(id)).toMatchObject({ state: 'EXTERNALLY_TERMINATED' });
    expect(await clients.history.getHistoricInstance('nobody')).toBeNull();
    expect(await clients.connection.version()).toBe('7.24.0');
  });

  it('refuses unknown ids with its own error', async () => {
    await expect(start()).rejects.toMatchObject({ name: 'EngineResponseError', status: 404 });
    await expect(clients.instances.getProcessInstance('a/b')).resolves.toBeNull();
    expect(await transport.send(get('/nowhere'))).toMatchObject({
      status: 404,
      contentType: 'application/json',
      body: { type: 'NotFoundException' },
    });
  });

  it('delivers tasks and accepts every report of a worker', async () => {
    await deploy();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => start(key)));
    const { body } = await transport.send(post('/external-task/fetchAndLock', fetchBody('w')));
    const tasks = body as { id: string; businessKey: string; variables: object }[];
    expect(tasks.map(({ businessKey }) => businessKey).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(tasks[0]?.variables).toMatchObject({ json: { type: 'Json', value: '{"a":[1]}', valueInfo: {} } });
    expect((await clients.instances.findLockedTasks('w')).map(({ id }) => id).sort()).toEqual(
      tasks.map(({ id }) => id).sort(),
    );
    const [completed, failed, erred, unlocked] = tasks.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
    ];
    const report = (id: string, name: string, json: object): Promise<EngineResponse> =>
      transport.send(post(`/external-task/${id}/${name}`, json));
    const noContent = { status: 204, contentType: null, body: '' };
    expect(await report(completed, 'extendLock', { workerId: 'w', newDuration: 9_000 })).toEqual(noContent);
    expect(
      await report(completed, 'complete', {
        workerId: 'w',
        variables: { out: { type: 'String', value: 'x' } },
      }),
    ).toEqual(noContent);
    expect(
      await report(failed, 'failure', {
        workerId: 'w',
        errorMessage: 'no',
        errorDetails: 'ü stack',
        retries: 0,
        retryTimeout: 0,
      }),
    ).toEqual(noContent);
    expect(await transport.send(get(`/external-task/${failed}/errorDetails`))).toMatchObject({
      status: 200,
      contentType: expect.stringMatching(/^text\/plain/),
      body: 'ü stack',
    });
    expect(
      await clients.instances.findIncidentsAfter({
        incidentTimestampAfter: '2000-01-01T00:00:00.000+0000',
        processKeys: ['parcel'],
        firstResult: 0,
        maxResults: 10,
      }),
    ).toMatchObject([{ incidentMessage: 'no', configuration: failed }]);
    expect(await report(erred, 'bpmnError', { workerId: 'w', errorCode: 'E', errorMessage: 'e' })).toEqual(
      noContent,
    );
    await expect(clients.instances.unlockTask(unlocked)).resolves.toBeUndefined();
    await expect(clients.instances.unlockTask('gone')).resolves.toBeUndefined();
    expect(await report(completed, 'complete', { workerId: 'w' })).toMatchObject({
      status: 404,
      body: { type: 'RestException' },
    });
    expect(await report(failed, 'complete', { workerId: 'other' })).toMatchObject({ status: 400 });
  });

  it('answers a waiting poll with a new task', async () => {
    await deploy();
    const poll = transport.send(
      post('/external-task/fetchAndLock', fetchBody('w', { asyncResponseTimeout: 5_000 })),
    );
    await start('late');
    expect((await poll).body).toMatchObject([{ businessKey: 'late' }]);
  });

  it('answers a waiting poll with an empty list when its timeout elapses', async () => {
    await deploy();
    const poll = await transport.send(
      post('/external-task/fetchAndLock', fetchBody('w', { asyncResponseTimeout: 20 })),
    );
    expect(poll).toEqual({ status: 200, contentType: 'application/json', body: [] });
  });

  it.each([
    ['at its time-out', 50, /no answer within 50 ms/],
    ['with its caller', 5_000, /aborted/],
  ])('locks nothing for a poll that was aborted %s', async (_name, timeoutMs, reason) => {
    await deploy();
    const caller = new AbortController();
    const poll = transport.send({
      ...post('/external-task/fetchAndLock', fetchBody('gone', { asyncResponseTimeout: 60_000 })),
      timeoutMs,
      signal: caller.signal,
    });
    await clients.connection.version();
    if (timeoutMs === 5_000) caller.abort();
    const error: unknown = await poll.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineAmbiguousError);
    expect((error as Error).message).toMatch(reason);
    // Over a socket the engine notices it a moment later.
    await Promise.all(Array.from({ length: 5 }, () => clients.connection.version()));
    await start('for-another');
    const other = await transport.send(post('/external-task/fetchAndLock', fetchBody('stays')));
    expect(other.body).toMatchObject([{ businessKey: 'for-another', workerId: 'stays' }]);
  });

  it('rejects a waiting poll and all later calls with the error of the engine when it closes', async () => {
    await deploy();
    const poll = transport.send(
      post('/external-task/fetchAndLock', fetchBody('w', { asyncResponseTimeout: 60_000 })),
    );
    await clients.connection.version();
    await reachable.engine.close();
    expect(await poll).toMatchObject({ status: 500, body: { type: expect.any(String) } });
    await expect(start()).rejects.toBeInstanceOf(EngineResponseError);
  });

  it("does not let a caller change the engine's memory through an answer", async () => {
    await deploy();
    await start();
    const { body } = await transport.send(post('/external-task/fetchAndLock', fetchBody('w')));
    const [task] = body as {
      id: string;
      variables: Record<string, { value: unknown; valueInfo: object }>;
      extensionProperties: object;
    }[];
    const before = (await transport.send(get(`/external-task/${task?.id ?? ''}`))).body;
    Object.assign(task?.variables.json?.valueInfo ?? {}, { changed: true });
    Object.assign(task?.extensionProperties ?? {}, { changed: true });
    Object.assign(task ?? {}, { businessKey: 'changed' });
    expect((await transport.send(get(`/external-task/${task?.id ?? ''}`))).body).toEqual(before);
    await clients.instances.unlockTask(task?.id ?? '');
    const again = await transport.send(post('/external-task/fetchAndLock', fetchBody('w')));
    expect(JSON.stringify(again.body)).not.toContain('changed');
  });
});

describe('the two transports to one engine', () => {
  let reachable: ReachableEngine;

  beforeEach(async () => {
    reachable = await ReachableEngine.open();
  });

  afterEach(async () => {
    await reachable.close();
  });

  it('give the same answers to the same requests', async () => {
    const { http, inproc } = reachable;
    await http.send({
      method: 'POST',
      path: '/deployment/create',
      multipart: [{ name: 'parcel.bpmn', filename: 'parcel.bpmn', content: PARCEL }],
      timeoutMs: 5_000,
    });
    const started = await http.send(
      post('/process-definition/key/parcel/start', {
        businessKey: 'same',
        variables: { a: { value: 1, skipped: undefined } },
      }),
    );
    const { id, definitionId } = started.body as { id: string; definitionId: string };
    const requests: EngineRequest[] = [
      get('/version'),
      get('/engine'),
      get('/deployment'),
      get(`/process-definition/${encodeURIComponent(definitionId)}/xml`),
      get('/process-definition', { key: 'parcel', latestVersion: true, maxResults: 1 }),
      get(`/process-instance/${id}`),
      get(`/process-instance/${id}/variables`),
      get('/process-instance', { businessKey: 'same', tenantIdIn: undefined }),
      get('/external-task', { locked: false, sortBy: 'id', sortOrder: 'asc' }),
      get('/external-task/count'),
      get('/incident'),
      get('/history/process-instance', { processInstanceBusinessKey: 'same' }),
      get('/history/variable-instance', { processInstanceId: id, deserializeValues: false }),
      get('/history/process-instance', { sortBy: 'nonsense', sortOrder: 'asc' }),
      get('/process-instance/nobody'),
      get('/nowhere'),
      post('/version', {}),
      post('/external-task/nobody/complete', { workerId: 'w' }),
      post('/external-task/fetchAndLock', []),
      post('/external-task/fetchAndLock'),
      post('/process-definition/key/parcel/start', { variables: { a: { type: 'Integer', value: 'x' } } }),
    ];
    for (const request of requests) {
      expect([request.path, await inproc.send(request)]).toEqual([request.path, await http.send(request)]);
    }
  });
});
