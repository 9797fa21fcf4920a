/** All functions of the published JavaScript client against the engine. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { boundary, end, path, start, task } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { eventually, type Values } from './support/scenario.js';

interface ClientFile {
  load(): Promise<ClientFile>;
  readonly content: Buffer;
}
interface ClientTask {
  readonly id: string;
  readonly retries: number | null;
  readonly variables: { get(name: string): unknown; getAll(): Record<string, unknown> };
}
interface ClientVariables {
  set(name: string, value: unknown): ClientVariables;
  setTyped(name: string, value: object): ClientVariables;
  setTransient(name: string, value: unknown): ClientVariables;
}
interface ClientTaskService {
  complete(task: ClientTask, variables?: ClientVariables, localVariables?: ClientVariables): Promise<void>;
  handleFailure(task: ClientTask, options: object): Promise<void>;
  handleBpmnError(
    task: ClientTask,
    code: string,
    message?: string,
    variables?: ClientVariables,
  ): Promise<void>;
  extendLock(task: ClientTask, newDuration: number): Promise<void>;
  unlock(task: ClientTask): Promise<void>;
}
type Handler = (call: {
  readonly task: ClientTask;
  readonly taskService: ClientTaskService;
}) => Promise<void>;
interface Client {
  subscribe(topic: string, options: object, handler: Handler): void;
  on(event: string, listener: (detail: unknown) => void): void;
  start(): void;
  stop(): void;
}
interface ClientModule {
  readonly Client: new (options: object) => Client;
  readonly Variables: new () => ClientVariables;
}

// Its types contain only what the service uses; with the name in a variable the compiler does not search for them.
const CLIENT_PACKAGE = 'camunda-external-task-client-js' as string;
const { Client: TaskClient, Variables } = (await import(CLIENT_PACKAGE)) as ClientModule;

const engine = useEngine();
const errors: unknown[] = [];
let client: Client | undefined;

afterEach(() => {
  client?.stop();
  client = undefined;
});

/** A process with one task, which the client completes with the handler. */
async function worked(values: Values, handler: Handler, options: object = {}, more: readonly string[] = []) {
  const topic = uniqueKey('t');
  const process = await engine.process([
    start(),
    task('A', '', `camunda:topic="${topic}"`),
    end(),
    path('start', 'A', 'end'),
    ...more,
  ]);
  const instance = await process.start(values);
  errors.length = 0;
  client = new TaskClient({
    baseUrl: engine.baseUrl,
    workerId: 'js-client',
    autoPoll: false,
    interval: 10,
    asyncResponseTimeout: 1_000,
    maxTasks: 1,
  });
  for (const event of ['poll:error', 'handler:error', 'complete:error', 'handleFailure:error']) {
    client.on(event, (error) => errors.push(event, String(error)));
  }
  client.subscribe(topic, options, handler);
  client.start();
  return { process, instance };
}

const ended = (instance: string) =>
  eventually(
    async () => ({
      errors: [...errors],
      state: (await engine.read(`/history/process-instance/${instance}`)).state,
    }),
    ({ state }) => state !== 'ACTIVE',
  );

describe('JavaScript client', () => {
  it('reads variables of every type and sets them', async () => {
    const seen: Record<string, unknown>[] = [];
    const values = {
      text: 'ä',
      whole: 7,
      large: 5_000_000_000,
      fraction: 1.5,
      truth: true,
      nothing: null,
      json: { type: 'Json', value: '{"a":[1]}' },
      date: { type: 'Date', value: '2030-01-02T03:04:05.000+0000' },
    };
    const { process, instance } = await worked(values, async ({ task: job, taskService }) => {
      seen.push(job.variables.getAll());
      const result = new Variables()
        .set('outText', 'x')
        .set('outWhole', 8)
        .set('outTruth', false)
        .set('outJson', { b: 2 })
        .set('outDate', new Date('2031-01-01T00:00:00Z'))
        .setTyped('outLong', { type: 'long', value: 9, valueInfo: {} })
        .setTransient('outSecret', 'gone');
      await taskService.complete(job, result);
    });
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(seen).toEqual([
      {
        text: 'ä',
        whole: 7,
        large: 5_000_000_000,
        fraction: 1.5,
        truth: true,
        nothing: null,
        json: { a: [1] },
        date: new Date('2030-01-02T03:04:05Z'),
      },
    ]);
    const out = Object.entries(await process.values(instance)).filter(([name]) => name.startsWith('out'));
    expect(Object.fromEntries(out)).toEqual({
      outText: 'x',
      outWhole: 8,
      outTruth: false,
      outJson: '{"b":2}',
      outDate: '2031-01-01T00:00:00.000+0000',
      outLong: 9,
    });
  });

  it('reports a failure and gets the task again', async () => {
    const retries: unknown[] = [];
    const { instance } = await worked({}, async ({ task: job, taskService }) => {
      retries.push(job.retries);
      if (job.retries === null) {
        await taskService.handleFailure(job, {
          errorMessage: 'once',
          errorDetails: 'more',
          retries: 1,
          retryTimeout: 0,
        });
      } else await taskService.complete(job);
    });
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(retries).toEqual([null, 1]);
  });

  it('reports a BPMN error', async () => {
    const { process, instance } = await worked(
      {},
      async ({ task: job, taskService }) => {
        await taskService.handleBpmnError(job, 'E', 'because', new Variables().set('why', 'w'));
      },
      {},
      [boundary('caught', 'A', null, 'camunda:errorMessageVariable="message"'), path('caught', 'end')],
    );
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(await process.values(instance)).toEqual({ why: 'w', message: 'because' });
    expect(await process.trail(instance)).toEqual(['!A', 'caught', 'end', 'start']);
  });

  it('extends and frees locks', async () => {
    let turns = 0;
    const { instance } = await worked({}, async ({ task: job, taskService }) => {
      turns++;
      await taskService.extendLock(job, 60_000);
      if (turns === 1) await taskService.unlock(job);
      else await taskService.complete(job);
    });
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(turns).toBe(2);
  });

  it('loads a file', async () => {
    const contents: string[] = [];
    const file = {
      type: 'File',
      value: Buffer.from('content').toString('base64'),
      valueInfo: { filename: 'a.txt', mimeType: 'text/plain' },
    };
    const { instance } = await worked({ file }, async ({ task: job, taskService }) => {
      const loaded = await (job.variables.get('file') as ClientFile).load();
      contents.push(loaded.content.toString());
      await taskService.complete(job);
    });
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(contents).toEqual(['content']);
  });

  it('asks for the variables, the business key and the process that its subscription names', async () => {
    const seen: unknown[] = [];
    const { instance } = await worked(
      { a: 1, b: 2 },
      async ({ task: job, taskService }) => {
        seen.push(job.variables.getAll());
        await taskService.complete(job);
      },
      { variables: ['b'], lockDuration: 5_000, processVariables: { a: 1 }, withoutTenantId: true },
    );
    expect(await ended(instance)).toEqual({ errors: [], state: 'COMPLETED' });
    expect(seen).toEqual([{ b: 2 }]);
  });

  it('polls in vain without an error', async () => {
    const { instance } = await worked({}, async () => {}, { businessKey: 'nobody has it' });
    const tasks = await new Promise((resolve) => client?.on('poll:success', resolve));
    expect({ tasks, errors }).toEqual({ tasks: [], errors: [] });
    expect(await engine.count(`/external-task/count?processInstanceId=${instance}&notLocked=true`)).toBe(1);
  });
});

describe('requests of the Java client', () => {
  const JAVA = {
    'user-agent': 'Camunda External Task Client',
    'content-type': 'application/json; charset=UTF-8',
  };
  const post = <T>(path: string, body: unknown) =>
    engine.raw<T>(path, { method: 'POST', headers: JAVA, body: JSON.stringify(body) });

  it('fetch, set variables and complete', async () => {
    const process = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    const instance = await process.start({ a: 1 });
    const { status, body } = await post<{ id: string }[]>('/external-task/fetchAndLock', {
      workerId: 'java',
      maxTasks: 10,
      usePriority: true,
      asyncResponseTimeout: null,
      sorting: [],
      topics: [
        {
          topicName: 'A',
          lockDuration: 20_000,
          variables: null,
          localVariables: false,
          businessKey: null,
          processDefinitionId: null,
          processDefinitionIdIn: null,
          processDefinitionKey: process.key,
          processDefinitionKeyIn: null,
          processDefinitionVersionTag: null,
          processVariables: null,
          withoutTenantId: false,
          tenantIdIn: null,
          includeExtensionProperties: false,
          deserializeValues: false,
        },
      ],
    });
    expect(status).toBe(200);
    expect(body).toHaveLength(1);
    const id = String(body[0]?.id);
    const modifications = { m: { value: 'x', type: 'String', valueInfo: {} } };
    expect(await post(`/process-instance/${instance}/variables`, { modifications })).toMatchObject({
      status: 204,
    });
    const variables = { v: { value: 1, type: 'Integer', valueInfo: { transient: false } } };
    expect(
      await post(`/external-task/${id}/complete`, { workerId: 'java', variables, localVariables: {} }),
    ).toMatchObject({ status: 204 });
    expect(await process.values(instance)).toEqual({ a: 1, m: 'x', v: 1 });
  });

  it('report failures with nulls', async () => {
    const process = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    await process.start();
    const job = await process.fetchOne('A');
    const answer = await post(`/external-task/${job.id}/failure`, {
      workerId: 'worker-1',
      errorMessage: 'm',
      errorDetails: null,
      retries: 1,
      retryTimeout: 0,
      variables: null,
      localVariables: null,
    });
    expect(answer).toMatchObject({ status: 204 });
  });

  it('report BPMN errors with nulls', async () => {
    const process = await engine.process([start(), task('A'), end(), path('start', 'A', 'end')]);
    await process.start();
    const job = await process.fetchOne('A');
    const report = { workerId: 'worker-1', errorCode: 'E', errorMessage: null, variables: null };
    expect(await post(`/external-task/${job.id}/bpmnError`, report)).toMatchObject({ status: 204 });
  });
});
