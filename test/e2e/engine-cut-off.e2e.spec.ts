import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ForeignClient } from '../fixtures/any-process/any-process.js';
import { MESSAGE_PROCESSES } from '../fixtures/any-process/message-processes.js';
import { TASK_PROCESSES } from '../fixtures/any-process/task-processes.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { type Answer, eventually, RunningService } from '../support/service.js';
import { openTargetEngine, type ReachableEngine } from '../support/target.js';

const NO_WAIT = { prefer: 'respond-async' };
const SETTLE_MS = 1_500;

const problem = (code: string): string => `urn:fastify-camunda:problem:${code}`;

/** What the proxy does to a request that matches, once. */
type Cut =
  /** The engine executes it, and its answer is lost. */
  | 'answer'
  /** The engine never receives it. */
  | 'request'
  /** The engine executes it, its answer is lost, and every request after it as well. */
  | 'answer-and-all';

describe('an engine that is cut off in the middle of a command', () => {
  let engine: ReachableEngine;
  let proxy: EngineProxy;
  let service: RunningService;
  let elsewhere: ForeignClient;
  let run = 0;
  /** The next cut, and the end of the path that it waits for. */
  let cut: { readonly kind: Cut; readonly path: RegExp } | null = null;
  let isAway = false;

  beforeAll(async () => {
    engine = await openTargetEngine();
    proxy = await EngineProxy.start(engine.baseUrl, async ({ method, path, pass, response }) => {
      if (isAway) {
        response.destroy();
        return;
      }
      const now = cut !== null && method === 'POST' && cut.path.test(path) ? cut : null;
      if (now === null) {
        (await pass())();
        return;
      }
      cut = null;
      isAway = now.kind === 'answer-and-all';
      if (now.kind !== 'request') await pass();
      response.destroy();
    });
    service = await RunningService.start(
      {
        CAMUNDA_BASE_URL: proxy.baseUrl,
        CAMUNDA_DEPLOY: 'off',
        CAMUNDA_START_TIMEOUT_MS: '1000',
        START_LEASE_MS: '1500',
        START_SETTLE_MS: String(SETTLE_MS),
      },
      [],
    );
    elsewhere = new ForeignClient(engine.baseUrl);
    await elsewhere.deploy({ ...TASK_PROCESSES, ...MESSAGE_PROCESSES }, 'cut-off');
    run = Date.now();
  });

  afterEach(() => {
    cut = null;
    isAway = false;
  });

  afterAll(async () => {
    await service.destroy();
    await proxy.close();
    await engine.close();
  });

  const send = (body: unknown): Promise<Answer> => service.post('/api/process/message', body, NO_WAIT);

  /** Starts a process, and returns its correlation id once it waits. */
  async function started(processKey: string, name: string): Promise<string> {
    const correlationId = `${name}-${run}`;
    // The circuit to the engine may still be open after the test before.
    await eventually(
      () => service.post('/api/process/start', { processKey, correlationId }, NO_WAIT),
      ({ status }) => status === 202,
    );
    await eventually(
      () => service.get(`/api/process/status/${correlationId}`),
      ({ body }) => Array.isArray(body.waitingFor) && body.waitingFor.length > 0,
    );
    return correlationId;
  }

  const tasksOf = async (correlationId: string, name: string): Promise<{ id: string }[]> =>
    (await elsewhere.get(`/task?processInstanceBusinessKey=${correlationId}&name=${name}`)) as {
      id: string;
    }[];

  const messagesIn = async (correlationId: string) => {
    const { body } = await service.get(`/api/process/events/${correlationId}`);
    return (body.events as { stepName: string }[]).filter(({ stepName }) => stepName === 'message');
  };

  describe('completes a task', () => {
    const complete = (id: string): Promise<Answer> =>
      service.post(`/api/process/tasks/${id}/complete`, {}, NO_WAIT);

    it.each<[string, Cut]>([
      ['whose answer is lost', 'answer'],
      ['that the engine did not receive at first', 'request'],
    ])('once %s', async (_what, kind) => {
      const correlationId = await started('review', `task-${kind}`);
      const [task] = await tasksOf(correlationId, 'Check');
      cut = { kind, path: /\/complete$/ };
      const { status, body } = await complete(task?.id ?? '');
      expect([status, body.status]).toEqual([202, 'pending']);
      expect(await tasksOf(correlationId, 'Check')).toEqual([]);
      expect(await tasksOf(correlationId, 'Decide')).toHaveLength(1);
    });

    it('or says that this is in doubt, and then that the task has ended', async () => {
      const correlationId = await started('review', 'task-doubt');
      const [task] = await tasksOf(correlationId, 'Check');
      cut = { kind: 'answer-and-all', path: /\/complete$/ };
      const doubt = await complete(task?.id ?? '');
      expect([doubt.status, doubt.body.type, doubt.body.accepted]).toEqual([
        503,
        problem('engine-unavailable'),
        'unknown',
      ]);
      isAway = false;
      const later = await eventually(
        () => complete(task?.id ?? ''),
        ({ status }) => status !== 503,
      );
      expect([later.status, later.body.type]).toEqual([409, problem('task-ended')]);
      expect(await tasksOf(correlationId, 'Decide')).toHaveLength(1);
    });
  });

  describe('takes a message', () => {
    const notes = (correlationId: string) => tasksOf(correlationId, 'Read');

    const note = (correlationId: string) => ({
      messageName: 'note-added',
      correlationId,
      messageId: `${correlationId}-message`,
    });

    it('once if its answer is lost', async () => {
      const correlationId = await started('notes', 'message-answer');
      cut = { kind: 'answer', path: /\/message$/ };
      expect((await send(note(correlationId))).status).toBe(202);
      expect((await send(note(correlationId))).headers.get('idempotent-replayed')).toBe('true');
      expect(await notes(correlationId)).toHaveLength(1);
      expect(await messagesIn(correlationId)).toHaveLength(1);
    });

    it('once if nothing is known about it for a while', async () => {
      const correlationId = await started('notes', 'message-doubt');
      cut = { kind: 'answer-and-all', path: /\/message$/ };
      const doubt = await send(note(correlationId));
      expect([doubt.status, doubt.body.type, doubt.body.accepted]).toEqual([
        503,
        problem('engine-unavailable'),
        'unknown',
      ]);
      isAway = false;
      const later = await eventually(
        () => send(note(correlationId)),
        ({ status }) => status !== 503,
      );
      expect([later.status, later.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
      expect(await notes(correlationId)).toHaveLength(1);
      expect(await messagesIn(correlationId)).toHaveLength(1);
    });

    it('that it did not receive at first, once no request can be on its way any more', async () => {
      const correlationId = await started('notes', 'message-request');
      cut = { kind: 'request', path: /\/message$/ };
      const doubt = await send(note(correlationId));
      expect([doubt.status, doubt.body.accepted]).toEqual([503, 'unknown']);
      const later = await eventually(
        () => send(note(correlationId)),
        ({ status }) => status !== 503,
      );
      expect([later.status, later.headers.get('process-message')]).toEqual([202, 'correlated']);
      expect(await notes(correlationId)).toHaveLength(1);
    });

    it('and changes nothing while it is away', async () => {
      const correlationId = await started('notes', 'message-away');
      isAway = true;
      const away = await send(note(correlationId));
      expect([away.status, away.body.type, away.body.accepted]).toEqual([
        503,
        problem('engine-unavailable'),
        undefined,
      ]);
      isAway = false;
      const later = await eventually(
        () => send(note(correlationId)),
        ({ status }) => status !== 503,
      );
      expect([later.status, later.headers.get('idempotent-replayed')]).toEqual([202, null]);
      expect(await notes(correlationId)).toHaveLength(1);
    });

    it('that starts a process, once', async () => {
      const correlationId = `message-start-${run}`;
      const message = { messageName: 'order-placed', correlationId, messageId: correlationId };
      // The circuit to the engine may still be open after the test before.
      await eventually(
        () => service.get('/api/process/definitions'),
        ({ status }) => status === 200,
      );
      cut = { kind: 'answer', path: /\/start$/ };
      const first = await send(message);
      expect([first.status, first.headers.get('process-message')]).toEqual([202, 'started']);
      const again = await send(message);
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
      const paid = await eventually(
        () => send({ messageName: 'payment', correlationId }),
        ({ status }) => status !== 404,
      );
      expect(paid.headers.get('process-message')).toBe('correlated');
      const { count } = (await elsewhere.get(
        `/history/process-instance/count?processInstanceBusinessKey=${correlationId}`,
      )) as { count: number };
      expect(count).toBe(1);
    });
  });
});
