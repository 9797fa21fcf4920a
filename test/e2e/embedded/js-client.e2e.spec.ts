import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type EmbeddedEngine,
  type EngineServer,
  openEmbeddedEngine,
  startEngineServer,
} from '../../../src/embedded-engine/index.js';
import { eventually } from '../../support/service.js';

interface Task {
  readonly id: string;
  readonly variables: { get(name: string): unknown; getAll(): Record<string, unknown> };
}

interface Given {
  readonly task: Task;
  readonly taskService: {
    complete(task: Task, variables?: unknown): Promise<void>;
    handleFailure(task: Task, options: object): Promise<void>;
    handleBpmnError(task: Task, code: string, message: string): Promise<void>;
    lock(task: Task, durationMs: number): Promise<void>;
    extendLock(task: Task, durationMs: number): Promise<void>;
    unlock(task: Task): Promise<void>;
  };
}

interface TaskClient {
  subscribe(topic: string, handler: (given: Given) => Promise<void>): void;
  stop(): void;
}

interface ClientPackage {
  readonly Client: new (options: object) => TaskClient;
  readonly Variables: new () => { setAll(values: object): unknown };
}

// As other applications use it: untyped and over HTTP.
const CLIENT_PACKAGE = 'camunda-external-task-client-js' as string;
const { Client, Variables } = (await import(CLIENT_PACKAGE)) as ClientPackage;

describe('the published JavaScript client against the embedded engine', () => {
  let engine: EmbeddedEngine;
  let server: EngineServer;
  const clients: TaskClient[] = [];

  beforeEach(async () => {
    engine = await openEmbeddedEngine();
    server = await startEngineServer({ engine, port: 0 });
    await engine.repository.deploy({
      name: 'parcel',
      source: null,
      tenantId: null,
      enableDuplicateFiltering: false,
      deployChangedOnly: false,
      resources: [{ name: 'parcel.bpmn', bytes: readFileSync('test/fixtures/parcel/parcel.bpmn') }],
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.stop();
    await engine.close();
    await server.close();
  });

  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${server.baseUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return (await response.json()) as T;
  }

  async function start(variables: Record<string, unknown> = {}): Promise<string> {
    const { id } = await call<{ id: string }>('/process-definition/key/parcel/start', {
      businessKey: 'p-1',
      variables,
    });
    return id;
  }

  /** Runs the handler for the first task of an instance; rejects with what the handler throws. */
  function work(handler: (given: Given) => Promise<void>, workerId = 'worker'): Promise<void> {
    const client = new Client({
      baseUrl: server.baseUrl,
      workerId,
      interval: 10,
      asyncResponseTimeout: 5_000,
    });
    clients.push(client);
    return new Promise((resolve, reject) => {
      client.subscribe('parcel.work', async (given) => {
        // Otherwise its next poll would fetch the task that the handler unlocks.
        client.stop();
        try {
          await handler(given);
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  async function stateOf(id: string): Promise<string> {
    return (await call<{ state: string }>(`/history/process-instance/${id}`)).state;
  }

  it('fetches a task with typed variables and completes it with typed variables', async () => {
    const done = work(async ({ task, taskService }) => {
      expect(task).toMatchObject({
        topicName: 'parcel.work',
        businessKey: 'p-1',
        activityId: 'Work',
        retries: null,
      });
      expect(task.variables.getAll()).toEqual({
        n: 7,
        text: 'ü🙂',
        json: { a: [1] },
        yes: true,
        nothing: null,
      });
      const result = new Variables();
      result.setAll({ count: 8, half: 0.5, note: 'ok', list: [1, { b: null }], when: new Date(0) });
      await taskService.complete(task, result);
    });
    const id = await start({
      n: { value: 7, type: 'Integer' },
      text: { value: 'ü🙂', type: 'String' },
      json: { value: '{"a":[1]}', type: 'Json' },
      yes: { value: true, type: 'Boolean' },
      nothing: { value: null, type: 'Null' },
    });
    await done;
    expect(await stateOf(id)).toBe('COMPLETED');
    const variables = await call<{ name: string; type: string; value: unknown }[]>(
      `/history/variable-instance?processInstanceId=${id}&deserializeValues=false`,
    );
    expect(Object.fromEntries(variables.map(({ name, type, value }) => [name, [type, value]]))).toMatchObject(
      {
        count: ['Integer', 8],
        half: ['Double', 0.5],
        note: ['String', 'ok'],
        list: ['Json', '[1,{"b":null}]'],
        when: ['Date', '1970-01-01T00:00:00.000+0000'],
      },
    );
  });

  it('reports a failure that is retried, and one that is an incident', async () => {
    const id = await start();
    await work(({ task, taskService }) =>
      taskService.handleFailure(task, {
        errorMessage: 'first',
        errorDetails: 'stack',
        retries: 1,
        retryTimeout: 20,
      }),
    );
    await work(async ({ task, taskService }) => {
      expect(task).toMatchObject({ retries: 1, errorMessage: 'first' });
      await taskService.handleFailure(task, { errorMessage: 'second', retries: 0 });
    });
    expect(await call(`/incident?processInstanceId=${id}`)).toMatchObject([
      { incidentType: 'failedExternalTask', incidentMessage: 'second' },
    ]);
    expect(await stateOf(id)).toBe('ACTIVE');
  });

  it('reports an uncaught BPMN error, which ends the instance', async () => {
    const id = await start();
    await work(({ task, taskService }) => taskService.handleBpmnError(task, 'DECLINED', 'no funds'));
    expect(await stateOf(id)).toBe('COMPLETED');
  });

  it('locks, extends and unlocks a task', async () => {
    const id = await start();
    const lockOf = async (): Promise<
      { workerId: string | null; lockExpirationTime: string | null } | undefined
    > =>
      (
        await call<{ workerId: string | null; lockExpirationTime: string | null }[]>(
          `/external-task?processInstanceId=${id}`,
        )
      )[0];
    await work(async ({ task, taskService }) => {
      const first = (await lockOf())?.lockExpirationTime ?? '';
      await taskService.extendLock(task, 600_000);
      const extended = (await lockOf())?.lockExpirationTime ?? '';
      expect(Date.parse(extended)).toBeGreaterThan(Date.parse(first));
      await taskService.unlock(task);
      expect(await lockOf()).toMatchObject({ workerId: null, lockExpirationTime: null });
      await taskService.lock(task, 60_000);
      expect((await lockOf())?.workerId).toBe('worker');
      await expect(taskService.complete({ ...task, id: 'gone' })).rejects.toMatchObject({
        httpStatusCode: 404,
      });
    });
  });

  it('loads a file of the process instance', async () => {
    const file = {
      value: Buffer.from('hello').toString('base64'),
      type: 'File',
      valueInfo: { filename: 'a.txt', mimeType: 'text/plain' },
    };
    const done = work(async ({ task, taskService }) => {
      const loaded = await (task.variables.get('letter') as { load(): Promise<{ content: Buffer }> }).load();
      expect(loaded.content.toString()).toBe('hello');
      await taskService.complete(task);
    });
    const id = await start({ letter: file });
    await done;
    expect(await stateOf(id)).toBe('COMPLETED');
  });

  it('receives its body as application/json, because it would read every byte of another type as a task', async () => {
    const response = await fetch(`${server.baseUrl}/external-task/fetchAndLock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"workerId":"w","maxTasks":1,"topics":[]}',
    });
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['application/json', '[]']);
  });

  it('is woken by a new task while its poll waits', async () => {
    let ran = false;
    const done = work(async ({ task, taskService }) => {
      ran = true;
      await taskService.complete(task);
    });
    await eventually(
      () => call<{ status: string }>('/version'),
      () => true,
    );
    expect(ran).toBe(false);
    await start();
    await done;
    expect(ran).toBe(true);
  });
});
