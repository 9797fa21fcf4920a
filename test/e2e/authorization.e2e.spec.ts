import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ForeignClient, taggedProcess } from '../fixtures/any-process/any-process.js';
import { type Caller, Callers } from '../support/callers.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

const RUN = Date.now();
/** The process key that a grant may name, and another one. */
const KEY = `matrix-${RUN}`;
const OTHER_KEY = `other-${RUN}`;

/** A message that the processes of the key take while they wait. */
const MESSAGE = `message-${RUN}`;

const SCOPES = [
  'process:start',
  'process:read',
  'process:complete',
  'process:cancel',
  'ops:read',
  'ops:write',
] as const;

/** A process that alice has started, and its task. */
interface Target {
  readonly id: string;
  readonly taskId: string;
}

/** A request of a route. */
interface Call {
  readonly path: string;
  readonly body?: object;
}

/** What a route asks of a caller, and how it is called. */
type Route = {
  readonly scope: (typeof SCOPES)[number] | null;
} & (
  | { readonly acts: 'public' | 'optional'; readonly call: () => Call }
  /** On the key that the body names; who has started what does not matter. */
  | { readonly acts: 'on-key'; readonly call: (target: Target) => Call }
  /** On one process; `changes` it, so that each call needs one of its own. */
  | {
      readonly acts: 'on-process';
      readonly changes: boolean;
      readonly call: (target: Target) => Call;
    }
  /** Shows what the caller may see. `byOwner`: false for what nobody owns. */
  | {
      readonly acts: 'list';
      readonly byOwner: boolean;
      readonly call: (target: Target) => Call;
      readonly shows: (target: Target) => string;
    }
);

const idOf = ({ id }: Target): string => id;

/** Every route of the OpenAPI document; a route that is missing here fails the test. */
const ROUTES: Readonly<Record<string, Route>> = {
  'POST /api/process/start': {
    scope: 'process:start',
    acts: 'on-key',
    call: () => ({ path: '/api/process/start', body: { processKey: KEY } }),
  },
  'GET /api/process/status/all': {
    scope: 'process:read',
    acts: 'list',
    byOwner: true,
    call: () => ({ path: '/api/process/status/all' }),
    shows: idOf,
  },
  'GET /api/process/status/{correlationId}': {
    scope: 'process:read',
    acts: 'on-process',
    changes: false,
    call: ({ id }) => ({ path: `/api/process/status/${id}` }),
  },
  'GET /api/process/events/{correlationId}': {
    scope: 'process:read',
    acts: 'on-process',
    changes: false,
    call: ({ id }) => ({ path: `/api/process/events/${id}` }),
  },
  'GET /api/process/definitions': {
    scope: 'process:read',
    acts: 'list',
    byOwner: false,
    call: () => ({ path: '/api/process/definitions?limit=500' }),
    shows: () => `"${KEY}"`,
  },
  'POST /api/process/complete': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ id }) => ({
      path: '/api/process/complete',
      body: { correlationId: id, status: 'ok', data: 1 },
    }),
  },
  'POST /api/process/cancel/{correlationId}': {
    scope: 'process:cancel',
    acts: 'on-process',
    changes: true,
    call: ({ id }) => ({ path: `/api/process/cancel/${id}`, body: {} }),
  },
  'GET /api/process/tasks': {
    scope: 'process:read',
    acts: 'list',
    byOwner: true,
    call: ({ id }) => ({ path: `/api/process/tasks?correlationId=${id}` }),
    shows: idOf,
  },
  'GET /api/process/tasks/{taskId}': {
    scope: 'process:read',
    acts: 'on-process',
    changes: false,
    call: ({ taskId }) => ({ path: `/api/process/tasks/${taskId}` }),
  },
  'POST /api/process/tasks/{taskId}/claim': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ taskId }) => ({ path: `/api/process/tasks/${taskId}/claim`, body: { userId: 'kim' } }),
  },
  'POST /api/process/tasks/{taskId}/unclaim': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ taskId }) => ({ path: `/api/process/tasks/${taskId}/unclaim`, body: {} }),
  },
  'POST /api/process/tasks/{taskId}/complete': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ taskId }) => ({ path: `/api/process/tasks/${taskId}/complete`, body: {} }),
  },
  'POST /api/process/tasks/{taskId}/bpmn-error': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ taskId }) => ({ path: `/api/process/tasks/${taskId}/bpmn-error`, body: { errorCode: 'E' } }),
  },
  'POST /api/process/message': {
    scope: 'process:complete',
    acts: 'on-process',
    changes: true,
    call: ({ id }) => ({
      path: '/api/process/message',
      body: { messageName: MESSAGE, correlationId: id },
    }),
  },
  'GET /health': { scope: 'ops:read', acts: 'optional', call: () => ({ path: '/health' }) },
  'GET /health/live': { scope: null, acts: 'public', call: () => ({ path: '/health/live' }) },
  'GET /health/ready': { scope: null, acts: 'public', call: () => ({ path: '/health/ready' }) },
};

/** A caller of the matrix, and what it is. */
interface Grant {
  readonly caller: Caller;
  readonly scope: (typeof SCOPES)[number];
  readonly coversKey: boolean;
  readonly coversOwner: boolean;
}

describe('who may do what', () => {
  const callers = new Callers();
  const alice = callers.add('alice', ...SCOPES);
  const everything = callers.add('root', ...SCOPES);
  const bob = callers.add(
    'bob',
    'process:start',
    'process:read',
    'process:complete',
    'process:cancel',
    'own',
  );
  const grants: readonly Grant[] = SCOPES.flatMap((scope) =>
    [null, KEY, OTHER_KEY]
      .filter((key) => key === null || scope.startsWith('process:'))
      .flatMap((key) =>
        (
          [
            ['carol', [], true],
            ['alice', ['own'], true],
            ['carol', ['own'], false],
          ] as const
        ).map(([name, own, coversOwner]) => ({
          caller: callers.add(name, key === null ? scope : `${scope}:${key}`, ...own),
          scope,
          coversKey: key !== OTHER_KEY,
          coversOwner,
        })),
      ),
  );
  let service: RunningService;
  let engine: ForeignClient;
  let targets = 0;
  /** A process that no caller of the matrix may change. */
  let kept: Target;
  let routes: readonly string[];

  beforeAll(async () => {
    service = await RunningService.start(callers.environment(), []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    engine = new ForeignClient(baseUrl);
    await engine.deploy({ ...taggedProcess(KEY, null, MESSAGE), ...taggedProcess(OTHER_KEY, null) }, KEY);
    kept = await newTarget();
    const { body } = await service.get('/docs/openapi.json', alice.headers);
    routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
  });

  afterAll(async () => {
    await service.destroy();
    callers.remove();
  });

  const send = (route: string, { path, body }: Call, caller: Caller, more = {}): Promise<Answer> => {
    const headers = { ...caller.headers, ...more };
    return route.startsWith('GET') ? service.get(path, headers) : service.post(path, body, headers);
  };

  const start = (id: string, caller: Caller, processKey = KEY, more: object = {}): Promise<Answer> =>
    service.post('/api/process/start', { processKey, correlationId: id, ...more }, caller.headers);

  /** A new process of alice, at its task. */
  async function newTarget(): Promise<Target> {
    targets += 1;
    const id = `target-${RUN}-${String(targets).padStart(3, '0')}`;
    expect((await start(id, alice)).status).toBe(202);
    const [task] = (await engine.get(`/task?processInstanceBusinessKey=${id}`)) as { id: string }[];
    return { id, taskId: task?.id ?? '' };
  }

  /** An id of the same length that no process or task has. */
  const unknown = ({ id, taskId }: Target): Target => ({
    id: id.replace('target', 'nobody'),
    taskId: taskId.replace(/^.{8}/, '00000000'),
  });

  /** Everything of an answer but what differs between two requests with two ids. */
  const comparable = ({ status, headers, text }: Answer, target: Target): unknown => [
    status,
    Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))),
    text.replaceAll(target.id, 'ID').replaceAll(target.taskId, 'TASK'),
  ];

  it('names every route of the OpenAPI document', () => {
    expect([...routes].sort()).toEqual(Object.keys(ROUTES).sort());
  });

  const CASES = Object.entries(ROUTES).flatMap(([name, route]) =>
    grants.map((grant) => {
      const { caller, scope, coversKey, coversOwner } = grant;
      const has = route.scope === scope;
      const may =
        route.scope === null || route.acts === 'optional'
          ? true
          : has &&
            coversKey &&
            (coversOwner || route.acts === 'on-key' || (route.acts === 'list' && !route.byOwner));
      return [
        name,
        `${caller.name} with ${caller.scopes.join(' ').replace(KEY, '<key>').replace(OTHER_KEY, '<other key>')}`,
        may,
        has,
        grant,
      ] as const;
    }),
  );

  it.each(CASES)('%s by %s: %s', async (name, _caller, may, has, { caller }) => {
    const route = ROUTES[name]!;
    const target = may && route.acts === 'on-process' && route.changes ? await newTarget() : kept;
    const answer = await send(name, route.call(target), caller, { prefer: 'respond-async' });
    if (route.acts === 'public' || route.acts === 'optional') {
      expect(answer.status).toBe(200);
      return;
    }
    if (!has || (route.acts === 'on-key' && !may)) {
      expect([answer.status, answer.body.type, answer.headers.get('www-authenticate')]).toEqual([
        403,
        'urn:fastify-camunda:problem:forbidden',
        expect.stringContaining(`error="insufficient_scope", scope="${route.scope}${has ? `:${KEY}` : ''}"`),
      ]);
      return;
    }
    if (route.acts === 'list') {
      expect([answer.status, answer.text.includes(route.shows(target))]).toEqual([200, may]);
      return;
    }
    if (may) {
      expect([200, 202]).toContain(answer.status);
      return;
    }
    const nobody = unknown(target);
    const toNobody = await send(name, route.call(nobody), caller, { prefer: 'respond-async' });
    expect(comparable(answer, target)).toEqual(comparable(toNobody, nobody));
    expect(answer.status).toBe(404);
  });

  it('has left a process as it was that nobody may change, with its owner in its trail', async () => {
    const { body } = await service.get(`/api/process/events/${kept.id}`, everything.headers);
    expect(body.events).toMatchObject([{ stepName: 'start', metadata: { owner: 'alice' } }]);
    expect(await service.rows('SELECT * FROM process_store WHERE correlation_id = ?', kept.id)).toMatchObject(
      [{ owner: 'alice', status: 'pending', version: 1, cancel_requested_at: null }],
    );
    const [task] = (await engine.get(`/task?processInstanceBusinessKey=${kept.id}`)) as object[];
    expect(task).toMatchObject({ id: kept.taskId, assignee: null });
  });

  it('writes the acting principal into the trail', async () => {
    const { id } = await newTarget();
    await service.post(`/api/process/cancel/${id}`, {}, everything.headers);
    const { body } = await service.get(`/api/process/events/${id}`, alice.headers);
    expect(
      (body.events as Record<string, unknown>[]).find(({ stepName }) => stepName === 'cancel'),
    ).toMatchObject({
      metadata: { requestedBy: { principal: 'root' } },
    });
  });

  describe('a correlation id of another owner', () => {
    it.each([{}, { variables: { other: true } }, { tenantId: 'bank' }])(
      'is a conflict without its data, whatever the content is: %j',
      async (more) => {
        for (const caller of [bob, everything]) {
          const answer = await start(kept.id, caller, KEY, more);
          expect([answer.status, answer.body]).toEqual([
            409,
            {
              type: 'urn:fastify-camunda:problem:correlation-id-conflict',
              title: expect.any(String),
              status: 409,
              detail: expect.stringContaining(
                'belongs to a process with another definition or other variables',
              ),
              instance: '/api/process/start',
              correlationId: kept.id,
            },
          ]);
          expect(answer.headers.get('process-status')).toBeNull();
        }
      },
    );

    it('is replayed to its owner, with another key of the same name too', async () => {
      const again = await start(kept.id, callersOf('alice', 'process:start', 'own'));
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
      expect(await start(kept.id, alice, KEY, { variables: { other: true } })).toMatchObject({
        status: 409,
        body: { processStatus: 'pending' },
      });
    });
  });

  const callersOf = (name: string, ...scopes: readonly string[]): Caller =>
    grants.find(({ caller }) => caller.name === name && caller.scopes.join() === scopes.join())!.caller;

  it('gives no entity tag and no 304 to a caller who may not see the process, and waits for nothing', async () => {
    const path = `/api/process/status/${kept.id}`;
    const { headers } = await service.get(path, alice.headers);
    const held = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await service.get(path, { ...alice.headers, ...held })).status).toBe(304);
    for (const more of [held, { ...held, prefer: 'wait=50' }, { prefer: 'wait=50' }]) {
      const answer = await service.get(path, { ...bob.headers, ...more });
      expect([answer.status, answer.headers.get('etag'), answer.headers.get('process-status')]).toEqual([
        404,
        null,
        null,
      ]);
    }
  });

  it('answers HEAD as GET', async () => {
    for (const path of ['status', 'events'].map((name) => `/api/process/${name}/${kept.id}`)) {
      const statuses = await Promise.all(
        [alice, bob].map(async ({ headers }) => {
          const answer = await fetch(`${service.baseUrl}${path}`, { method: 'HEAD', headers });
          return answer.status;
        }),
      );
      expect(statuses).toEqual([path.includes('status') ? 202 : 200, 404]);
    }
  });

  it('opens no stream of events to a caller who may not see the process', async () => {
    const stream = { accept: 'text/event-stream' };
    const answer = await service.get(`/api/process/events/${kept.id}`, { ...bob.headers, ...stream });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it('stores no outcome of an unknown id from a caller with restrictions, and that of one without', async () => {
    const complete = (id: string, caller: Caller): Promise<Answer> =>
      service.post('/api/process/complete', { correlationId: id, status: 'ok' }, caller.headers);
    const restricted = [bob, callersOf('carol', `process:complete:${KEY}`)];
    for (const caller of restricted) expect((await complete(`elsewhere-${RUN}`, caller)).status).toBe(404);
    expect((await complete(`elsewhere-${RUN}`, everything)).status).toBe(200);
    // It has neither key nor owner.
    for (const caller of restricted) expect((await complete(`elsewhere-${RUN}`, caller)).status).toBe(404);
  });

  it('pages through the own processes alone, without a gap and without a repetition', async () => {
    const own: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const id = `bob-${RUN}-${index}`;
      own.push(id);
      await start(id, bob, index % 2 === 0 ? KEY : OTHER_KEY);
      await newTarget();
    }
    const pagesOf = async (query: string): Promise<string[]> => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body }: Answer = await service.get(
          `/api/process/status/all?limit=2${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
          bob.headers,
        );
        found.push(
          ...(body.processes as { correlationId: string }[]).map(({ correlationId }) => correlationId),
        );
        cursor = body.nextCursor as string | null;
      }
      return found;
    };
    expect(await pagesOf('')).toEqual([...own].reverse());
    expect(await pagesOf(`&processKey=${KEY}&status=pending`)).toEqual([own[4], own[2], own[0]]);
    expect(await pagesOf('&status=ok')).toEqual([]);
    const { body } = await service.get('/api/process/status/all', bob.headers);
    expect(body.count).toBe(5);
    const { body: tasks } = await eventually(
      () => service.get('/api/process/tasks?limit=100', bob.headers),
      (answer) => (answer.body.tasks as object[]).length >= 5,
    );
    expect((tasks.tasks as { correlationId: string }[]).map(({ correlationId }) => correlationId)).toEqual(
      own,
    );
  });

  it('shows a recent outcome only to its owner in the list of active processes', async () => {
    const { id } = await newTarget();
    await service.post(
      '/api/process/complete',
      { correlationId: id, status: 'ok', data: 'secret' },
      alice.headers,
    );
    const { text: toAlice } = await service.get('/api/process/status/all', alice.headers);
    const { text: toBob } = await service.get('/api/process/status/all', bob.headers);
    expect([toAlice.includes('secret'), toBob.includes('secret')]).toEqual([true, false]);
  });

  it('sends no message to a process that the caller may not see, and does not show whose a message id is', async () => {
    const name = `only-${RUN}`;
    const key = `taker-${RUN}`;
    await engine.deploy(taggedProcess(key, null, name), key);
    await start(`taker-${RUN}`, alice, key);
    const message = (caller: Caller, more: object = {}): Promise<Answer> =>
      service.post(
        '/api/process/message',
        { messageName: name, ...more },
        { ...caller.headers, prefer: 'respond-async' },
      );
    const limited = [bob, callersOf('carol', `process:complete:${KEY}`)];
    for (const caller of limited) {
      const answer = await message(caller);
      expect([answer.status, answer.body.type, answer.body.correlationId]).toEqual([
        404,
        'urn:fastify-camunda:problem:no-receiver',
        undefined,
      ]);
    }
    const messageId = `message-${RUN}`;
    expect((await message(alice, { messageId })).status).toBe(202);
    for (const caller of limited) {
      const answer = await message(caller, { messageId });
      expect([answer.status, answer.body.type, answer.body.correlationId, answer.body.statusUrl]).toEqual([
        409,
        'urn:fastify-camunda:problem:message-id-conflict',
        undefined,
        undefined,
      ]);
    }
  });

  it('does not tell a caller who may not see the process that a task has ended', async () => {
    const { taskId } = await newTarget();
    const complete = (caller: Caller): Promise<Answer> =>
      service.post(
        `/api/process/tasks/${taskId}/complete`,
        {},
        { ...caller.headers, prefer: 'respond-async' },
      );
    expect((await complete(alice)).status).toBeLessThan(300);
    expect((await complete(everything)).body.type).toBe('urn:fastify-camunda:problem:task-ended');
    expect((await complete(bob)).status).toBe(404);
  });
});
