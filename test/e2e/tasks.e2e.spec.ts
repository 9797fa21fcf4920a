import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { ForeignClient } from '../fixtures/any-process/any-process.js';
import { TASK_PROCESSES } from '../fixtures/any-process/task-processes.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

interface Task {
  readonly id: string;
  readonly taskDefinitionKey: string;
  readonly correlationId: string;
  readonly assignee: string | null;
}

const NO_WAIT = { prefer: 'respond-async' };

describe('tasks of people', () => {
  let service: RunningService;
  let elsewhere: ForeignClient;
  let run = 0;

  beforeAll(async () => {
    service = await RunningService.start({}, []);
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    elsewhere = new ForeignClient(baseUrl);
    await elsewhere.deploy(TASK_PROCESSES);
    run = Date.now();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const tasksOf = (answer: Answer): Task[] => answer.body.tasks as Task[];
  const list = async (query: string): Promise<Task[]> =>
    tasksOf(await service.get(`/api/process/tasks?${query}`));
  const act = (id: string, action: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    service.post(`/api/process/tasks/${id}/${action}`, body, headers);

  /** Starts a process, and returns its correlation id and its open tasks. */
  async function waiting(processKey: string, id: string, variables = {}, count = 1) {
    const correlationId = `${id}-${run}`;
    await service.post('/api/process/start', { processKey, correlationId, variables }, NO_WAIT);
    const tasks = await eventually(
      () => list(`correlationId=${correlationId}&limit=100`),
      (found) => found.length === count,
    );
    return { correlationId, tasks, id: tasks[0]?.id ?? '' };
  }

  it('shows a task with its candidates, its form and the variables that the client names', async () => {
    const { correlationId, id } = await waiting('review', 'shown', {
      amount: 12,
      order: { items: [1] },
      secret: 'x',
    });
    const { status, body } = await service.get(`/api/process/tasks/${id}?variables=amount,order,absent`);
    expect([status, body]).toEqual([
      200,
      {
        id,
        name: 'Check',
        description: 'Look at the order',
        taskDefinitionKey: 'check',
        correlationId,
        processKey: 'review',
        assignee: null,
        candidateUsers: ['ann'],
        candidateGroups: ['clerks', 'managers'],
        formKey: 'check-form',
        priority: 70,
        suspended: false,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        dueDate: '2030-01-01T10:00:00.000Z',
        followUpDate: null,
        variables: { amount: 12, order: { items: [1] }, absent: null },
      },
    ]);
    expect((await service.get(`/api/process/tasks/${id}`)).body).not.toHaveProperty('variables');
  });

  it('lists by process, group, name and assignee', async () => {
    const { correlationId, id } = await waiting('review', 'filters');
    const count = async (query: string) => (await list(`correlationId=${correlationId}&${query}`)).length;
    expect(await count('candidateGroup=clerks')).toBe(1);
    expect(await count('candidateGroup=others')).toBe(0);
    expect(await count('name=Check')).toBe(1);
    expect(await count('name=Other')).toBe(0);
    expect(await count('processKey=review')).toBe(1);
    expect(await count('processKey=other')).toBe(0);
    expect(await count('assignee=kim')).toBe(0);
    await act(id, 'claim', { userId: 'kim' });
    expect(await count('assignee=kim')).toBe(1);
    expect(await list('correlationId=nobody')).toEqual([]);
  });

  it('pages over many tasks, each once, also while others complete theirs', async () => {
    const { correlationId } = await waiting('crowd', 'pages', {}, 30);
    const seen: string[] = [];
    const completed = new Set<string>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await service.get(
        `/api/process/tasks?correlationId=${correlationId}&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...tasksOf(page).map(({ id }) => id));
      cursor = page.body.nextCursor as string | null;
      // One task of this page and thus before the next one ends.
      const gone = seen.find((id) => !completed.has(id)) ?? '';
      completed.add(gone);
      await act(gone, 'complete', {}, NO_WAIT);
    }
    expect(new Set(seen).size).toBe(30);
    expect(seen).toHaveLength(30);
  });

  it('answers a completion with the next task, and the last one with the outcome', async () => {
    const { correlationId, id } = await waiting('review', 'chain');
    const first = await act(id, 'complete', { variables: { checked: true }, userId: 'ann' });
    expect([first.status, first.body.status]).toEqual([202, 'pending']);
    const [next] = first.body.nextTasks as Task[];
    expect(next).toMatchObject({ taskDefinitionKey: 'decide', correlationId });
    const last = await act(next?.id ?? '', 'complete', { variables: { result: { approved: true } } });
    expect([last.status, last.body.status, last.body.data, last.body.nextTasks]).toEqual([
      200,
      'ok',
      { approved: true },
      [],
    ]);
    const { body } = await service.get(`/api/process/events/${correlationId}`);
    const rows = (body.events as Record<string, unknown>[]).filter(
      ({ stepName }) => stepName === 'task-complete',
    );
    expect(rows).toMatchObject([
      {
        requestData: { variables: { checked: true } },
        metadata: {
          taskId: id,
          taskDefinitionKey: 'check',
          userId: 'ann',
          requestedBy: { clientAddress: '127.0.0.1' },
        },
      },
      { metadata: { taskId: next?.id, userId: null } },
    ]);
  });

  it('waits for a worker between two tasks', async () => {
    const { id } = await waiting('relay', 'relay');
    const answer = act(id, 'complete');
    await elsewhere.work('relay.work', 1, {});
    const { status, body } = await answer;
    expect([status, (body.nextTasks as Task[]).map((task) => task.taskDefinitionKey)]).toEqual([
      202,
      ['second'],
    ]);
  });

  it('does not wait if the client asks for that', async () => {
    const { id } = await waiting('review', 'async');
    const { status, headers, body } = await act(id, 'complete', {}, NO_WAIT);
    expect([status, headers.get('preference-applied'), body.nextTasks]).toEqual([202, 'respond-async', []]);
  });

  it('completes a task once if two complete it at the same time', async () => {
    const { correlationId, id } = await waiting('review', 'race');
    const both = await Promise.all([act(id, 'complete', {}, NO_WAIT), act(id, 'complete', {}, NO_WAIT)]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const lost = both.find(({ status }) => status === 409);
    expect(lost?.body).toMatchObject({
      type: 'urn:fastify-camunda:problem:task-ended',
      correlationId,
      assignee: null,
    });
    expect(await list(`correlationId=${correlationId}`)).toMatchObject([{ taskDefinitionKey: 'decide' }]);
  });

  it('gives a task to the first who claims it, and says to others who has it', async () => {
    const { id } = await waiting('review', 'claim');
    expect((await act(id, 'claim', { userId: 'kim' })).body).toMatchObject({ id, assignee: 'kim' });
    expect((await act(id, 'claim', { userId: 'kim' })).status).toBe(200);
    for (const [action, body] of [
      ['claim', { userId: 'lee' }],
      ['unclaim', { userId: 'lee' }],
      ['complete', { userId: 'lee' }],
      ['bpmn-error', { userId: 'lee', errorCode: 'NO' }],
    ] as const) {
      const refused = await act(id, action, body);
      expect([refused.status, refused.body.type, refused.body.assignee]).toEqual([
        409,
        'urn:fastify-camunda:problem:task-claimed',
        'kim',
      ]);
    }
    expect((await act(id, 'unclaim', { userId: 'kim' })).body).toMatchObject({ assignee: null });
    expect((await act(id, 'claim', { userId: 'lee' })).body).toMatchObject({ assignee: 'lee' });
    expect((await act(id, 'complete', { userId: 'lee' }, NO_WAIT)).status).toBe(202);
    const ended = await act(id, 'claim', { userId: 'kim' });
    expect([ended.status, ended.body.assignee]).toEqual([409, 'lee']);
  });

  it('raises a BPMN error that the process catches, and one that ends it', async () => {
    const { id } = await waiting('review', 'error');
    const caught = await act(id, 'bpmn-error', { errorCode: 'NO', errorMessage: 'Not ours' });
    expect([caught.status, (caught.body.nextTasks as Task[])[0]?.taskDefinitionKey]).toEqual([202, 'decide']);
    const other = await waiting('review', 'uncaught');
    const uncaught = await act(other.id, 'bpmn-error', { errorCode: 'OTHER' });
    expect([uncaught.status, uncaught.body.status, uncaught.body.errorCode]).toEqual([
      500,
      'error',
      'PROCESS_ERROR',
    ]);
  });

  it('finds the task of a process that the process has called', async () => {
    const { correlationId, tasks, id } = await waiting('outer', 'called');
    expect(tasks).toMatchObject([{ correlationId, processKey: 'outer', taskDefinitionKey: 'check' }]);
    const answer = await act(id, 'complete');
    expect((answer.body.nextTasks as Task[])[0]?.taskDefinitionKey).toBe('decide');
  });

  it('neither shows nor touches the task of a process that was started elsewhere', async () => {
    await elsewhere.send('POST', '/process-definition/key/review/start', { businessKey: `foreign-${run}` });
    const [task] = (await elsewhere.get(`/task?processInstanceBusinessKey=foreign-${run}`)) as Task[];
    const id = task?.id ?? '';
    expect((await service.get(`/api/process/tasks/${id}`)).status).toBe(404);
    for (const action of ['claim', 'unclaim', 'complete', 'bpmn-error']) {
      const refused = await act(
        id,
        action,
        action === 'bpmn-error' ? { errorCode: 'NO' } : { userId: 'kim' },
      );
      expect([refused.status, refused.body.type]).toEqual([404, 'urn:fastify-camunda:problem:unknown-task']);
    }
    expect((await list('processKey=review&limit=100')).map((each) => each.id)).not.toContain(id);
    expect(await elsewhere.get(`/task/${id}`)).toMatchObject({ assignee: null });
  });

  it('says that a task has ended with its process', async () => {
    const { correlationId, id } = await waiting('review', 'cancelled');
    await service.post(`/api/process/cancel/${correlationId}`, {});
    const { status, body } = await act(id, 'complete');
    expect([status, body.type, body.processStatus]).toEqual([
      409,
      'urn:fastify-camunda:problem:task-ended',
      'error',
    ]);
    expect((await service.get(`/api/process/tasks/${id}`)).status).toBe(404);
  });

  it('leaves a task open if the engine cannot leave it', async () => {
    const { id } = await waiting('stuck', 'stuck');
    const { status, body } = await act(id, 'complete');
    expect([status, body.type]).toEqual([409, 'urn:fastify-camunda:problem:task-refused']);
    expect((await service.get(`/api/process/tasks/${id}`)).status).toBe(200);
  });

  it('says that the process is suspended, also to a user who claims its task', async () => {
    const { id, correlationId } = await waiting('stuck', 'suspended');
    const [instance] = (await elsewhere.get(`/process-instance?businessKey=${correlationId}`)) as {
      id: string;
    }[];
    const suspend = (suspended: boolean) =>
      elsewhere.send('PUT', `/process-instance/${instance?.id ?? ''}/suspended`, { suspended });
    await suspend(true);
    for (const [action, request] of [
      ['claim', { userId: 'kim' }],
      ['unclaim', {}],
      ['complete', {}],
      ['bpmn-error', { errorCode: 'NO' }],
    ] as const) {
      const { status, body } = await act(id, action, request);
      expect([action, status, body.type]).toEqual([action, 409, 'urn:fastify-camunda:problem:task-refused']);
      expect(body.detail).toMatch(/suspended/);
    }
    await suspend(false);
    expect((await act(id, 'claim', { userId: 'kim' })).status).toBe(200);
  });

  it.each(['unclaim', 'complete'])('needs no body for %s, with any headers', async (action) => {
    for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
      const { id } = await waiting(
        'stuck',
        `${action}-${headers['content-type'] ?? 'none'}`.replace('/', '-'),
      );
      const url = `${service.baseUrl}/api/process/tasks/${id}/${action}`;
      const { status } = await fetch(url, { method: 'POST', headers });
      // The engine has the command: it releases the task, and cannot leave it.
      expect([headers, status]).toEqual([headers, action === 'unclaim' ? 200 : 409]);
    }
  });

  it.each([
    ['a NUL', 'a%00b'],
    ['a slash', 'a%2Fb'],
    ['a dot segment', '%2E%2E%2Fx'],
    ['a blank', '%20'],
  ])('refuses a task id with %s', async (_what, id) => {
    expect((await service.get(`/api/process/tasks/${id}`)).status).toBe(400);
    expect((await act(id, 'complete')).status).toBe(400);
  });

  it('refuses a task id of 4 000 characters, and does not know one that is possible', async () => {
    expect((await service.get(`/api/process/tasks/${'a'.repeat(4_000)}`)).status).toBe(414);
    expect((await service.get('/api/process/tasks/nope')).status).toBe(404);
    expect((await act('nope', 'complete')).status).toBe(404);
  });

  it.each<[string, unknown]>([
    ['claim', {}],
    ['claim', { userId: '' }],
    ['claim', { userId: 'a\0b' }],
    ['claim', { userId: 'a'.repeat(256) }],
    ['unclaim', { user: 'a' }],
    ['complete', []],
    ['complete', 'rubbish'],
    ['complete', { variables: [] }],
    ['complete', { variables: { correlationId: 'x' } }],
    ['complete', { variables: { 'a\ud800': 1 } }],
    ['bpmn-error', {}],
    ['bpmn-error', { errorCode: 5 }],
  ])('refuses %s with %j', async (action, body) => {
    expect((await act('some-task', action, body)).status).toBe(400);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=21&variables=a',
    'variables=',
    'cursor=x',
    `cursor=${Buffer.from('9999999999999999 x').toString('base64url')}`,
    'assignee=a&assignee=b',
    'name=%00',
    'correlationId=%2F',
    'other=1',
  ])('refuses the list with %s', async (query) => {
    expect((await service.get(`/api/process/tasks?${query}`)).status).toBe(400);
  });

  it('lists what can be started, page by page', async () => {
    const listed: { key: string; tenantId: string | null }[] = [];
    let after: string | null = '';
    while (after !== null) {
      const { status, body } = await service.get(`/api/process/definitions?limit=2&after=${after}`);
      expect(status).toBe(200);
      listed.push(...(body.definitions as typeof listed));
      after = body.nextAfter as string | null;
    }
    // Once for each tenant: another file of the run may have deployed a process for several.
    const names = listed.map(({ key, tenantId }) => `${key} of ${tenantId}`);
    expect(names).toEqual([...new Set(names)]);
    const keys = listed.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toEqual(expect.arrayContaining(['crowd', 'outer', 'review']));
    expect((await service.get('/api/process/definitions?limit=0')).status).toBe(400);
  });
});
