import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Global, Logger, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { z } from 'zod';
import {
  ENGINE_ENDPOINT,
  EngineDeploymentService,
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  EngineUnreachableError,
} from '../camunda-engine/index.js';
import { PROCESS_DEFINITIONS } from '../common/process-definition/index.js';
import { ConfigurationModule, createConfiguration } from '../config/index.js';
import { LifecycleModule, ShutdownService } from '../lifecycle/index.js';
import { CamundaWorkerModule } from './camunda-worker.module.js';
import { CamundaWorkerService } from './camunda-worker.service.js';
import { TaskEventLog } from './outcome/task-event.log.js';
import { TaskBackpressure } from './fetching/task-backpressure.js';
import { TaskOutcomeListener } from './outcome/task-outcome.listener.js';
import { BusinessRuleError } from './task/task.errors.js';
import { FakeEngine } from './testing/fake-engine.js';
import { RecordingEventLog, RecordingListener } from './testing/recorders.js';
import type { HandlerTask, TopicHandler } from './task/topic-handler.js';
import { Topic } from './topics/topic.decorator.js';

Logger.overrideLogger(false);

const file = join(mkdtempSync(join(tmpdir(), 'worker-')), 'order.bpmn');
writeFileSync(file, '<x camunda:topic="order.check"/><y camunda:topic="order.charge"/>');
const ORDER = { key: 'order', steps: ['check', 'charge'], bpmn: pathToFileURL(file) };

const FETCH = /fetchAndLock/;

@Topic('order.check', { input: z.looseObject({ n: z.number() }) })
class CheckHandler implements TopicHandler<{ n: number }> {
  static behave: (
    input: { n: number },
    task: HandlerTask,
  ) => Promise<Record<string, unknown>> | Record<string, unknown>;

  handle(input: { n: number }, task: HandlerTask) {
    return CheckHandler.behave(input, task);
  }
}

@Topic('order.charge', { variables: ['checked'], lockDurationMs: 5_000 })
class ChargeHandler implements TopicHandler {
  handle(_: unknown, task: HandlerTask) {
    if (task.variables.checked === 'blocked') throw new BusinessRuleError('blocked');
    return { charged: task.variables.checked };
  }
}

describe('CamundaWorkerService with the JS client and an engine in memory', () => {
  const opened: TestingModule[] = [];

  async function boot(
    environment: Record<string, string> = {},
    stopAfterMs = 2_000,
    handlers: Type[] = [CheckHandler, ChargeHandler],
    engine = new FakeEngine(),
  ) {
    const events = new RecordingEventLog();
    const listener = new RecordingListener();
    const backpressure = { tell: (_hasRoom: boolean): void => undefined };
    const definitions = handlers.length === 0 ? [] : [ORDER];

    @Global()
    @Module({
      providers: [
        { provide: ENGINE_ENDPOINT, useValue: { baseUrl: 'http://engine.invalid' } },
        { provide: PROCESS_DEFINITIONS, useValue: definitions },
      ],
      exports: [ENGINE_ENDPOINT, PROCESS_DEFINITIONS],
    })
    class RootModule {}

    engine.define('order', { topics: ['order.check', 'order.charge'] });
    CheckHandler.behave = ({ n }) => ({ checked: n });
    const module = await Test.createTestingModule({
      imports: [
        RootModule,
        LifecycleModule,
        ConfigurationModule.forRoot(
          createConfiguration({
            CAMUNDA_DEPLOY: 'off',
            SHUTDOWN_TIMEOUT_MS: String(stopAfterMs),
            ...environment,
          }),
        ),
        CamundaWorkerModule.forRoot({
          bindings: [
            { provide: TaskEventLog, useValue: events },
            { provide: TaskOutcomeListener, useValue: listener },
            {
              provide: TaskBackpressure,
              useValue: {
                onChange: (listener: (hasRoom: boolean) => void) => {
                  backpressure.tell = listener;
                },
              },
            },
          ],
        }),
      ],
      providers: handlers,
    })
      .overrideProvider(EngineTransport)
      .useValue(engine)
      .compile();
    await module.init();
    opened.push(module);
    const { status, workerIds } = module.get(CamundaWorkerService).state;
    const waiting = environment.CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS === '0' ? 0 : workerIds.length;
    if (status === 'polling') {
      await engine.until(
        () => engine.parkedPolls === Math.min(waiting, Number(environment.CAMUNDA_MAX_TASKS ?? waiting)),
      );
    }
    return { engine, events, listener, backpressure, worker: module.get(CamundaWorkerService), module };
  }

  const REMOTE = { CAMUNDA_BASE_URL: 'http://engine.invalid', CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '20000' };
  const vars = (n: number) => ({ n: { type: 'Integer', value: n } });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((module) => module.close()));
  });

  it('runs a process step by step, each row before its engine call', async () => {
    const { engine, events, worker } = await boot();
    const id = engine.start('order', 'order-1', vars(7));
    await engine.until(() => !engine.isRunning(id));
    expect(events.events.map(({ stepName, step, status }) => [stepName, step, status])).toEqual([
      ['check', 1, 'ok'],
      ['charge', 2, 'ok'],
    ]);
    expect(events.events[1]?.responseData).toEqual({ charged: 7 });
    expect(worker.state).toMatchObject({
      status: 'polling',
      topics: ['order.check', 'order.charge'],
      capacity: 50,
      lastError: null,
    });
    expect(worker.state.lastPollAgeMs).toBeGreaterThanOrEqual(0);
    expect(new Set(worker.state.workerIds).size).toBe(2);
  });

  it('fetches with the lock of the topic and the variables that it and the runtime need', async () => {
    const { engine } = await boot();
    expect(engine.requestsTo(FETCH)[0]?.json).toMatchObject({
      asyncResponseTimeout: 20_000,
      sorting: [{ sortBy: 'createTime', sortOrder: 'asc' }],
      topics: [
        { topicName: 'order.check', lockDuration: 20_000 },
        {
          topicName: 'order.charge',
          lockDuration: 5_000,
          variables: [
            'checked',
            'correlationId',
            'traceability_id',
            'batch_id',
            'application_id',
            'identifiers',
            'fastifyCamundaOutcome',
          ],
        },
      ],
    });
    expect(engine.requestsTo(FETCH)[0]?.timeoutMs).toBeGreaterThan(20_000);
  });

  it('sends BPMN errors and notifies the listener if one has ended the instance', async () => {
    const { engine, listener } = await boot();
    CheckHandler.behave = () => ({ checked: 'blocked' });
    engine.start('order', 'order-2', vars(1));
    await engine.until(() => listener.unhandled.length === 1);
    expect(listener.unhandled[0]).toMatchObject({
      correlationId: 'order-2',
      errorCode: 'BUSINESS_RULE',
      stepName: 'charge',
    });
  });

  it('fetches a retry when it is due, although the polls wait longer than this test may take', async () => {
    const { engine, events } = await boot({ CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '600000' });
    CheckHandler.behave = ({ n }, { attempt }) => {
      if (attempt === 1) throw new Error('flaky');
      return { checked: n };
    };
    const id = engine.start('order', 'order-3', vars(1));
    await engine.until(() => !engine.isRunning(id));
    expect(events.events.map(({ metadata, status }) => [metadata.attempt, status])).toEqual([
      [1, 'error'],
      [2, 'ok'],
      [1, 'ok'],
    ]);
  });

  it('never runs more tasks than CAMUNDA_MAX_TASKS, with all its polls together', async () => {
    const { engine } = await boot({ CAMUNDA_MAX_TASKS: '3' });
    let now = 0;
    let most = 0;
    CheckHandler.behave = async ({ n }) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { checked: n };
    };
    const ids = Array.from({ length: 40 }, (_, n) => engine.start('order', `order-${n}`, vars(n)));
    await engine.until(() => ids.every((id) => !engine.isRunning(id)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('leaves slots for other steps if one step holds its share, and fetches it again when its slots are free', async () => {
    const { engine, worker } = await boot({ CAMUNDA_MAX_TASKS: '10' });
    engine.define('quick', { topics: ['order.charge'] });
    const finish: (() => void)[] = [];
    let most = 0;
    CheckHandler.behave = ({ n }) =>
      new Promise((resolve) => {
        finish.push(() => {
          resolve({ checked: n });
        });
        most = Math.max(most, worker.state.handlers['order.check']?.running ?? 0);
      });
    const slow = Array.from({ length: 20 }, (_, n) => engine.start('order', `order-${n}`, vars(n)));
    await engine.until(() => finish.length === 8);
    const quick = Array.from({ length: 5 }, (_, n) => engine.start('quick', `quick-${n}`));
    await engine.until(() => quick.every((id) => !engine.isRunning(id)));
    expect(worker.state.handlers['order.check']).toEqual({ running: 8, limit: 8, abandoned: 0 });
    await engine.until(() => {
      for (const end of finish.splice(0)) end();
      return slow.every((id) => !engine.isRunning(id));
    });
    expect(most).toBe(8);
  });

  it('does not poll at all while every slot is taken', async () => {
    const { engine, worker } = await boot({ CAMUNDA_MAX_TASKS: '1' });
    let finish: () => void = () => undefined;
    CheckHandler.behave = ({ n }) =>
      new Promise((resolve) => {
        finish = () => {
          resolve({ checked: n });
        };
      });
    const id = engine.start('order', 'order-1', vars(1));
    await engine.until(() => worker.state.running === 1);
    const polls = engine.requestsTo(FETCH).length;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
    expect(engine.requestsTo(FETCH)).toHaveLength(polls);
    finish();
    await engine.until(() => !engine.isRunning(id));
  });

  it('fetches nothing more under backpressure, and continues afterwards', async () => {
    const { engine, worker, events, backpressure } = await boot();
    backpressure.tell(false);
    expect(worker.state.status).toBe('paused');
    // The two polls that already wait fetch one task each; then nothing.
    const ids = [1, 2, 3, 4].map((n) => engine.start('order', `order-${n}`, vars(n)));
    await engine.until(() => events.events.length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect([engine.parkedPolls, events.events.length, engine.isRunning(ids[3]!)]).toEqual([0, 2, true]);
    backpressure.tell(true);
    await engine.until(() => ids.every((id) => !engine.isRunning(id)));
    expect(worker.state.status).toBe('polling');
  });

  it('fetches nothing while the process is out of file descriptors, and continues without using up a retry', async () => {
    const { engine, worker, events } = await boot();
    let isOut = true;
    CheckHandler.behave = ({ n }) => {
      if (isOut) throw Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });
      return { checked: n };
    };
    const id = engine.start('order', 'order-1', vars(1));
    await engine.until(() => worker.state.status === 'paused');
    isOut = false;
    await engine.until(() => !engine.isRunning(id));
    expect(events.events.map(({ metadata, status }) => [metadata.attempt, status])).toEqual([
      [1, 'error'],
      [1, 'ok'],
      [1, 'ok'],
    ]);
    expect(worker.state.status).toBe('polling');
  });

  it('unlocks at boot only the tasks of an earlier run on the embedded engine', async () => {
    const engine = new FakeEngine();
    engine.define('order', { topics: ['order.check', 'order.charge'] });
    const own = 'host-name-17-0a1b2c3d-2';
    const hold = (key: string, facts: { workerId: string; retries: number | null; forMs: number }) => {
      const id = engine.start('order', key, vars(1));
      const task = [...engine.tasks.values()].at(-1)!;
      Object.assign(task, { ...facts, lockedUntil: Date.now() + facts.forMs });
      return { id, task };
    };
    const running = hold('running', { workerId: own, retries: null, forMs: 600_000 });
    const secondAttempt = hold('second', { workerId: own, retries: 20, forMs: 19_000 });
    const asked = hold('asked', { workerId: own, retries: 20, forMs: 600_000 });
    // After 18 attempts a retry waits for about a minute, so the lock outlasts the boot on any machine.
    const retry = hold('retry', { workerId: own, retries: 3, forMs: 50_000 });
    const stranger = hold('stranger', { workerId: 'somebody-else', retries: null, forMs: 600_000 });
    const { module } = await boot({ CAMUNDA_TASK_RETRIES: '20' }, 2_000, undefined, engine);
    expect([running, secondAttempt].map(({ task }) => task.workerId === own)).toEqual([false, false]);
    expect([retry, asked, stranger].map(({ task }) => task.workerId)).toEqual([own, own, 'somebody-else']);
    await engine.until(() => ![running, secondAttempt].some(({ id }) => engine.isRunning(id)));
    await module.get(ShutdownService).stop();
  });

  it('boots if the engine does not list the locked tasks', async () => {
    const engine = new FakeEngine();
    engine.answerNext(/^\/external-task$/, new Error('away'));
    const { worker } = await boot({}, 2_000, undefined, engine);
    expect(worker.state.status).toBe('polling');
  });

  it('continues after failed polls, and deploys again when the engine is back', async () => {
    const { engine, worker, module } = await boot({ ...REMOTE, CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '30' });
    let deployedAgain = 0;
    module.get(EngineDeploymentService).deployAgain = () => {
      deployedAgain += 1;
    };
    const away = new EngineUnreachableError(
      { method: 'POST', path: '/external-task/fetchAndLock' },
      'refused',
    );
    engine.answerNext(FETCH, ...Array.from({ length: 4 }, () => away));
    await engine.until(() => worker.state.lastError !== null);
    const id = engine.start('order', 'order-1', vars(1));
    await engine.until(() => !engine.isRunning(id));
    expect([worker.state.lastError, deployedAgain > 0]).toEqual([null, true]);
  });

  it("treats an answer that is not the engine's as a failed poll", async () => {
    const { engine, worker } = await boot({ ...REMOTE, CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '10' });
    engine.answerNext(FETCH, { status: 200, contentType: 'text/html', body: '<html>' });
    await engine.until(() => worker.state.lastError !== null);
    expect(worker.state.lastError).toMatch(/not the engine's/);
  });

  it('polls at an interval if polls do not wait in the engine', async () => {
    const { engine } = await boot({ CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '0' });
    const id = engine.start('order', 'order-1', vars(1));
    await engine.until(() => !engine.isRunning(id));
    const polls = engine.requestsTo(FETCH);
    expect(polls.every(({ json }) => !('asyncResponseTimeout' in (json as object)))).toBe(true);
    expect(polls.length).toBeLessThan(20);
  });

  it('lets a pool that is full hold up no topic of another pool', async () => {
    const { engine, worker } = await boot({
      CAMUNDA_MAX_TASKS: '4',
      CAMUNDA_POOLS: '{"slow":{"topics":["order.check"],"maxTasks":6,"lockDurationMs":60000}}',
    });
    engine.define('quick', { topics: ['order.charge'] });
    const finish: (() => void)[] = [];
    CheckHandler.behave = ({ n }) =>
      new Promise((resolve) => {
        finish.push(() => {
          resolve({ checked: n });
        });
      });
    const slow = Array.from({ length: 20 }, (_, n) => engine.start('order', `order-${n}`, vars(n)));
    await engine.until(() => finish.length === 6);
    // More than the pool had slots left if it shared them.
    const quick = Array.from({ length: 30 }, (_, n) => engine.start('quick', `quick-${n}`));
    await engine.until(() => quick.every((id) => !engine.isRunning(id)));
    expect(worker.state).toMatchObject({
      pools: {
        default: { topics: ['order.charge'], running: 0, capacity: 4 },
        slow: { topics: ['order.check'], running: 6, capacity: 6 },
      },
      handlers: {
        'order.check': { running: 6, limit: 6, abandoned: 0 },
        'order.charge': { running: 0, limit: 4, abandoned: 0 },
      },
      running: 6,
      capacity: 10,
    });
    await engine.until(() => {
      for (const end of finish.splice(0)) end();
      return slow.every((id) => !engine.isRunning(id));
    });
  });

  it('polls for each pool apart, with its limit and its lock, and another worker id', async () => {
    const { engine, worker } = await boot({
      CAMUNDA_POOLS:
        '{"slow":{"topics":["order.*"],"maxTasks":6,"lockDurationMs":60000},"charge":{"topics":["order.charge"]}}',
    });
    await engine.until(() => engine.parkedPolls === 2);
    const polls = engine.requestsTo(FETCH).map(({ json }) => json as Record<string, unknown>);
    expect(polls).toMatchObject([
      { maxTasks: 6, topics: [{ topicName: 'order.check', lockDuration: 60_000 }] },
      { maxTasks: 50, topics: [{ topicName: 'order.charge', lockDuration: 5_000 }] },
    ]);
    expect(worker.state.workerIds).toHaveLength(2);
    expect(worker.state.workerIds).toEqual(polls.map(({ workerId }) => workerId));
    expect(new Set(worker.state.workerIds).size).toBe(2);
  });

  it('extends the lock of a task by the lock of its pool', async () => {
    const { engine } = await boot({
      CAMUNDA_POOLS: '{"slow":{"topics":["order.check"],"lockDurationMs":1000}}',
    });
    let finish: () => void = () => undefined;
    CheckHandler.behave = ({ n }) =>
      new Promise((resolve) => {
        finish = () => {
          resolve({ checked: n });
        };
      });
    const id = engine.start('order', 'order-1', vars(1));
    await engine.until(() => engine.requestsTo(/extendLock/).length > 0);
    expect(engine.requestsTo(/extendLock/)[0]?.json).toMatchObject({ newDuration: 1_000 });
    finish();
    await engine.until(() => !engine.isRunning(id));
  });

  it('does not boot with a pool for a topic that no handler has', async () => {
    await expect(boot({ CAMUNDA_POOLS: '{"slow":{"topics":["order.chrage"]}}' })).rejects.toThrow(
      /CAMUNDA_POOLS puts "order.chrage" into the pool "slow"/,
    );
  });

  it('shortens its polls if the engine brings tasks only when a poll ends', async () => {
    const { engine, worker } = await boot({
      ...REMOTE,
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '400',
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS: '50',
    });
    const bringLate = async ({ json }: EngineRequest): Promise<EngineResponse> => {
      const { asyncResponseTimeout } = json as { asyncResponseTimeout: number };
      await new Promise((resolve) => setTimeout(resolve, asyncResponseTimeout));
      const task = {
        ...{ id: randomUUID(), topicName: 'order.check', activityId: 'check', processInstanceId: 'i' },
        processDefinitionKey: 'order',
        businessKey: 'order-1',
        variables: vars(1),
        retries: null,
        createTime: new Date(Date.now() - asyncResponseTimeout + 100).toISOString(),
        lockExpirationTime: new Date(Date.now() + 20_000).toISOString(),
      };
      return { status: 200, contentType: 'application/json', body: [task] };
    };
    engine.answerNext(FETCH, ...Array.from({ length: 6 }, () => bringLate));
    await engine.until(() => worker.state.polls.isShortened);
    expect(worker.state.polls).toMatchObject({ waitMs: 50, isShortened: true });
    const isShort = ({ json }: EngineRequest): boolean =>
      (json as { asyncResponseTimeout: number }).asyncResponseTimeout <= 50;
    await engine.until(() => engine.requestsTo(FETCH).some(isShort));
  });

  it('never shortens the polls of the embedded engine, a single node', async () => {
    const { worker } = await boot({ CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS: '50' });
    expect(worker.state.polls).toEqual({ waitMs: 20_000, isShortened: false, missedTasks: 0 });
  });

  it('stays idle without topics', async () => {
    const { worker, engine, module } = await boot({}, 1_000, []);
    await module.get(ShutdownService).stop();
    expect([engine.requests, worker.state.workerIds, worker.state.lastPollAgeMs]).toEqual([[], [], null]);
  });

  describe('when the service stops', () => {
    it('drops the open polls of the embedded engine at once', async () => {
      const { engine, module } = await boot();
      await module.get(ShutdownService).stop();
      expect(engine.parkedPolls).toBe(0);
      expect(module.get(CamundaWorkerService).state.status).toBe('stopping');
    });

    it('awaits the open polls of another engine and unlocks the tasks that they fetch', async () => {
      const { engine, module, events } = await boot(REMOTE);
      const stopped = module.get(ShutdownService).stop();
      await new Promise((resolve) => setImmediate(resolve));
      expect(engine.parkedPolls).toBe(2);
      engine.start('order', 'order-1', vars(1));
      engine.start('order', 'order-2', vars(2));
      await stopped;
      expect([...engine.tasks.values()].map(({ workerId }) => workerId)).toEqual([null, null]);
      expect(events.events).toEqual([]);
    });

    it('awaits running handlers, reports their outcomes, and begins no next step', async () => {
      const { engine, module, worker, events } = await boot();
      let finish: () => void = () => undefined;
      CheckHandler.behave = ({ n }) =>
        new Promise((resolve) => {
          finish = () => {
            resolve({ checked: n });
          };
        });
      engine.start('order', 'order-1', vars(1));
      await engine.until(() => worker.state.running === 1);
      const stopped = module.get(ShutdownService).stop();
      await engine.until(() => engine.parkedPolls === 0);
      finish();
      await stopped;
      expect(events.events.map(({ stepName }) => stepName)).toEqual(['check']);
      expect([...engine.tasks.values()].map(({ topicName, workerId }) => [topicName, workerId])).toEqual([
        ['order.charge', null],
      ]);
    });

    it('waits no longer than allowed for a handler that never ends, and aborts its signal', async () => {
      const { engine, module, worker } = await boot({}, 100);
      let signal: AbortSignal | undefined;
      CheckHandler.behave = (_, task) => {
        signal = task.signal;
        return new Promise(() => undefined);
      };
      engine.start('order', 'order-1', vars(1));
      await engine.until(() => worker.state.running === 1);
      await module.get(ShutdownService).stop();
      expect(signal?.aborted).toBe(true);
      // Its lock stays, because the handler may still run.
      expect([...engine.tasks.values()][0]?.workerId).not.toBeNull();
    });

    it('aborts the signal of a handler that runs too long, and still writes its row and unlocks its task', async () => {
      const { engine, events, module, worker } = await boot({}, 100);
      CheckHandler.behave = (_, task) =>
        new Promise((_resolve, reject) => {
          task.signal.addEventListener('abort', () => {
            reject(task.signal.reason as Error);
          });
        });
      engine.start('order', 'order-1', vars(1));
      await engine.until(() => worker.state.running === 1);
      const flushed = jest.fn(() => {
        expect(events.events.map(({ stepName, status }) => [stepName, status])).toEqual([['check', 'error']]);
        expect([...engine.tasks.values()].map(({ workerId }) => workerId)).toEqual([null]);
      });
      const shutdown = module.get(ShutdownService);
      shutdown.register('flush', 'what stands when the queue closes', flushed);
      await shutdown.stop();
      expect(flushed).toHaveReturnedTimes(1);
    });

    it('aborts a poll that another engine holds beyond the limit', async () => {
      const { engine, module } = await boot(REMOTE, 50);
      await module.get(ShutdownService).stop();
      await engine.until(() => engine.parkedPolls === 0);
      expect(engine.parkedPolls).toBe(0);
    });

    it('unlocks tasks that are locked for its workers and do not run, except a task that awaits its retry', async () => {
      const { engine, module, worker } = await boot();
      CheckHandler.behave = () => {
        throw new Error('later');
      };
      engine.start('order', 'order-1', vars(1));
      await engine.until(() => [...engine.tasks.values()].some(({ retries }) => retries === 3));
      const [retrying] = engine.tasks.values();
      engine.start('order', 'order-2', vars(1));
      await engine.until(() => [...engine.tasks.values()].every(({ retries }) => retries === 3));
      const [, lost] = engine.tasks.values();
      // As if the answer to the poll had been lost: locked for this worker, but never received.
      engine.tasks.set('lost', {
        ...lost!,
        id: 'lost',
        workerId: worker.state.workerIds[0]!,
        lockedUntil: Date.now() + 60_000,
      });
      await module.get(ShutdownService).stop();
      expect([engine.tasks.get('lost')?.workerId, retrying?.workerId === null]).toEqual([null, false]);
    });

    it('stops although the engine is unreachable', async () => {
      const { engine, module } = await boot();
      engine.answerNext(/^\/external-task$/, new Error('away'), new Error('away'));
      await module.get(ShutdownService).stop();
      // One call at boot, and one for each worker.
      expect(engine.requestsTo(/^\/external-task$/)).toHaveLength(3);
    });
  });
});
