/**
 * All calls of the published JavaScript client against the REST layer: the calls that the engine receives, and the
 * responses that the client reads. `embedded-engine.spec.ts` tests what the engine does with the calls.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../state/engine.errors.js';
import type { LockedExternalTask } from '../tasks/fetch-and-lock.types.js';
import { startEngineServer, type EngineServer } from './server/engine.server.js';
import { RecordingEngine } from './testing/recording.engine.js';
import { LOCKED_TASK, NOON } from './testing/records.js';

interface ClientTask {
  readonly id: string;
  readonly variables: { get(name: string): unknown; getAllTyped(): Record<string, { type: string }> };
}
interface ClientTaskService {
  complete(task: ClientTask, variables?: unknown, localVariables?: unknown): Promise<void>;
  handleFailure(task: ClientTask, options: object): Promise<void>;
  handleBpmnError(task: ClientTask, code: string, message?: string, variables?: unknown): Promise<void>;
  extendLock(task: ClientTask, newDuration: number): Promise<void>;
  unlock(task: ClientTask): Promise<void>;
  lock(task: ClientTask, duration: number): Promise<void>;
}
type ClientHandler = (call: {
  readonly task: ClientTask;
  readonly taskService: ClientTaskService;
}) => Promise<void>;
interface TaskClient {
  subscribe(topic: string, options: object, handler: ClientHandler): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  start(): void;
  stop(): void;
}
interface ClientModule {
  readonly Client: new (options: object) => TaskClient;
  readonly Variables: new () => { set(name: string, value: unknown): unknown };
}

// The client has no types; with the name in a variable the compiler does not search for them.
const CLIENT_PACKAGE = 'camunda-external-task-client-js' as string;
const { Client, Variables } = (await import(CLIENT_PACKAGE)) as ClientModule;

let engine: RecordingEngine;
let server: EngineServer;
let client: TaskClient;
let pollErrors: unknown[];

beforeEach(async () => {
  engine = new RecordingEngine();
  server = await startEngineServer({ engine, port: 0 });
  pollErrors = [];
});

afterEach(async () => {
  client.stop();
  await server.close();
});

/** Returns the task once and runs the handler; later polls wait. */
async function work(task: LockedExternalTask, handler: ClientHandler): Promise<void> {
  let isHandedOut = false;
  engine.implement('externalTasks.fetchAndLock', () => {
    let release: (tasks: readonly LockedExternalTask[]) => void = () => {};
    const parked = new Promise<readonly LockedExternalTask[]>((resolve) => (release = resolve));
    if (!isHandedOut) release([task]);
    isHandedOut = true;
    return {
      tasks: parked,
      cancel: () => {
        release([]);
      },
    };
  });
  client = new Client({
    baseUrl: server.baseUrl,
    workerId: 'w',
    autoPoll: false,
    interval: 0,
    asyncResponseTimeout: 10_000,
    maxTasks: 3,
  });
  client.on('poll:error', (error) => pollErrors.push(error));
  await new Promise<void>((resolve, reject) => {
    client.subscribe('charge', { lockDuration: 5_000 }, async (call) => {
      try {
        await handler(call);
        resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    client.start();
  });
}

function commands(): readonly unknown[] {
  return engine.calls
    .filter((call) => !call.method.endsWith('fetchAndLock'))
    .map((call) => [call.method, ...call.args]);
}

const TYPED_TASK: LockedExternalTask = {
  ...LOCKED_TASK,
  variables: new Map([
    ['text', { type: 'String', value: 'a', valueInfo: {} }],
    ['int', { type: 'Integer', value: 5, valueInfo: {} }],
    ['json', { type: 'Json', value: '{"n":[1]}', valueInfo: {} }],
    ['due', { type: 'Date', value: NOON, valueInfo: {} }],
    ['nothing', { type: 'Null', value: null, valueInfo: {} }],
    ['file', { type: 'File', value: 'aGk=', valueInfo: { filename: 'a.txt', mimeType: 'text/plain' } }],
  ]),
};

describe('camunda-external-task-client-js against the REST layer', () => {
  it('fetches with its options and reads every type of variable', async () => {
    const seen: unknown[] = [];
    await work(TYPED_TASK, async ({ task }) => {
      seen.push(...['text', 'int', 'json', 'due', 'nothing'].map((name) => task.variables.get(name)));
    });
    expect(seen).toEqual(['a', 5, { n: [1] }, new Date(NOON), null]);
    expect(engine.calls[0]?.args[0]).toMatchObject({
      workerId: 'w',
      maxTasks: 3,
      usePriority: true,
      asyncResponseTimeout: 10_000,
      topics: [{ topicName: 'charge', lockDuration: 5_000 }],
    });
    expect(pollErrors).toEqual([]);
  });

  it('completes with typed variables', async () => {
    await work(LOCKED_TASK, async ({ task, taskService }) => {
      const variables = new Variables();
      variables.set('paid', true);
      variables.set('count', 3);
      variables.set('ratio', 1.5);
      variables.set('note', 'ok');
      variables.set('when', new Date(NOON));
      variables.set('data', { a: [1] });
      variables.set('none', null);
      const local = new Variables();
      local.set('l', 1);
      await taskService.complete(task, variables, local);
    });
    const typed = (type: string, value: unknown): unknown => ({ type, value, valueInfo: {} });
    expect(commands()).toEqual([
      [
        'externalTasks.complete',
        'T',
        {
          workerId: 'w',
          variables: new Map([
            ['paid', typed('Boolean', true)],
            ['count', typed('Integer', 3)],
            ['ratio', typed('Double', 1.5)],
            ['note', typed('String', 'ok')],
            ['when', typed('Date', NOON)],
            ['data', typed('Json', '{"a":[1]}')],
            ['none', typed('Null', null)],
          ]),
          localVariables: new Map([['l', typed('Integer', 1)]]),
        },
      ],
    ]);
  });

  it('locks, extends, unlocks, fails and throws BPMN errors', async () => {
    await work(LOCKED_TASK, async ({ task, taskService }) => {
      await taskService.lock(task, 1_000);
      await taskService.extendLock(task, 2_000);
      await taskService.unlock(task);
      await taskService.handleFailure(task, {
        errorMessage: 'm',
        errorDetails: 'd',
        retries: 1,
        retryTimeout: 5,
      });
      await taskService.handleBpmnError(task, 'CODE', 'why');
      await taskService.complete(task);
    });
    expect(commands()).toMatchObject([
      ['externalTasks.lock', 'T', 'w', 1_000],
      ['externalTasks.extendLock', 'T', 'w', 2_000],
      ['externalTasks.unlock', 'T'],
      [
        'externalTasks.handleFailure',
        'T',
        { workerId: 'w', errorMessage: 'm', errorDetails: 'd', retries: 1, retryTimeout: 5 },
      ],
      ['externalTasks.handleBpmnError', 'T', { workerId: 'w', errorCode: 'CODE', errorMessage: 'why' }],
      ['externalTasks.complete', 'T', { variables: new Map() }],
    ]);
  });

  it('reads the type, code and message of an error', async () => {
    engine.answer(
      'externalTasks.complete',
      new EngineError('OptimisticLocking', 'OptimisticLockingException', 'again', 1),
    );
    let seen: unknown;
    await work(LOCKED_TASK, async ({ task, taskService }) => {
      seen = await taskService.complete(task).catch((error: unknown) => error);
    });
    expect(seen).toMatchObject({
      httpStatusCode: 500,
      type: 'OptimisticLockingException',
      code: 1,
      engineMsg: 'again',
    });
  });

  it('loads the content of a file', async () => {
    engine.answer('runtime.findVariables', TYPED_TASK.variables);
    let content: unknown;
    await work(TYPED_TASK, async ({ task }) => {
      const file = task.variables.get('file') as { load(): Promise<{ content: unknown }> };
      content = (await file.load()).content;
    });
    expect(String(content)).toBe('hi');
    expect(commands()).toEqual([['runtime.findVariables', 'PI', { local: true }]]);
  });
});
