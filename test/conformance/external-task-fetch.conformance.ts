import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { end, io, path, start, task } from './support/bpmn.js';
import { uniqueKey, type Json } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';
import { WORKER, eventually, type LockedTask } from './support/scenario.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];

const fetchAndLock = (body: Json) => engine.post<LockedTask[]>('/external-task/fetchAndLock', body);

/** A process with one task and its own topic. */
async function ownTopic(extensions = '', attributes = '') {
  const topic = uniqueKey('t');
  const process = await engine.process([
    start(),
    task('A', extensions, `camunda:topic="${topic}" ${attributes}`),
    end(),
    path('start', 'A', 'end'),
  ]);
  return { topic, process };
}

describe('fetchAndLock', () => {
  it('refuses a request without a worker', async () => {
    expect(
      await fetchAndLock({ maxTasks: 1, topics: [{ topicName: 'x', lockDuration: 1000 }] }),
    ).toMatchObject(refused(500, 'NullValueException', 'workerId is null', 0));
  });

  it('refuses a lock duration of zero', async () => {
    expect(
      await fetchAndLock({ workerId: 'w', maxTasks: 1, topics: [{ topicName: 'x', lockDuration: 0 }] }),
    ).toMatchObject(refused(500, 'ProcessEngineException', /lockTime is not greater than 0/, 0));
  });

  it('refuses a topic without a name', async () => {
    expect(await fetchAndLock({ workerId: 'w', maxTasks: 1, topics: [{ lockDuration: 1 }] })).toMatchObject(
      refused(500, 'NullValueException', 'topicName is null', 0),
    );
  });

  it('refuses a negative number of tasks', async () => {
    expect(await fetchAndLock({ workerId: 'w', maxTasks: -1, topics: [] })).toMatchObject(
      refused(500, 'ProcessEngineException', 'maxResults is not greater than or equal to 0', 0),
    );
  });

  it('refuses to wait for more than half an hour', async () => {
    const answer = await fetchAndLock({
      workerId: 'w',
      maxTasks: 1,
      asyncResponseTimeout: 1_800_001,
      topics: [{ topicName: 'x', lockDuration: 1000 }],
    });
    expect(answer).toMatchObject(
      refused(
        400,
        'InvalidRequestException',
        'The asynchronous response timeout cannot be set to a value greater than 1800000 milliseconds',
      ),
    );
  });

  it('refuses an order that is unknown', async () => {
    const topics = [{ topicName: uniqueKey('t'), lockDuration: 1000 }];
    const answer = await fetchAndLock({
      workerId: 'w',
      maxTasks: 1,
      topics,
      sorting: [{ sortBy: 'colour', sortOrder: 'asc' }],
    });
    expect(answer).toMatchObject({ status: 400, body: { type: 'InvalidRequestException' } });
  });

  it('answers nothing without topics', async () => {
    expect(await fetchAndLock({ workerId: 'w', maxTasks: 1, topics: [] })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it('answers nothing without maxTasks', async () => {
    const { topic, process } = await ownTopic();
    await process.start();
    const answer = await fetchAndLock({ workerId: 'w', topics: [{ topicName: topic, lockDuration: 1000 }] });
    expect(answer).toMatchObject({ status: 200, body: [] });
  });

  it('answers with exactly application/json', async () => {
    const { headers } = await fetchAndLock({ workerId: 'w', maxTasks: 1, topics: [] });
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('answers a locked task with all its members', async () => {
    const process = await engine.process(ONE_TASK, { attributes: 'camunda:versionTag="v1"' });
    const instance = await process.start({ a: 1 }, { businessKey: 'bk' });
    const task = await process.fetchOne('A');
    expect(task).toEqual({
      activityId: 'A',
      activityInstanceId: expect.stringMatching(/^A:/),
      errorMessage: null,
      errorDetails: null,
      executionId: expect.any(String),
      id: expect.any(String),
      lockExpirationTime: expect.stringMatching(DATE),
      createTime: expect.stringMatching(DATE),
      processDefinitionId: process.definitionId,
      processDefinitionKey: process.key,
      processDefinitionVersionTag: 'v1',
      processInstanceId: instance,
      retries: null,
      suspended: false,
      workerId: WORKER,
      topicName: 'A',
      tenantId: null,
      variables: { a: { type: 'Integer', value: 1, valueInfo: {} } },
      priority: 0,
      businessKey: 'bk',
      extensionProperties: {},
    });
    expect(task.executionId).not.toBe(instance);
  });

  it('locks for the duration that was asked', async () => {
    const process = await engine.process(ONE_TASK);
    await process.start();
    const before = Date.now();
    const { lockExpirationTime } = await process.fetchOne('A', { lockDuration: 3_600_000 });
    const expires = Date.parse(String(lockExpirationTime));
    expect(expires).toBeGreaterThanOrEqual(before + 3_590_000);
    expect(expires).toBeLessThanOrEqual(Date.now() + 3_610_000);
  });

  it('does not give a locked task to anybody else', async () => {
    const process = await engine.process(ONE_TASK);
    await process.start();
    await process.fetchOne('A');
    expect(await process.fetch('A', {}, { workerId: 'other' })).toEqual([]);
    expect(await process.fetch('A')).toEqual([]);
  });

  it('gives a task again when its lock has expired', async () => {
    const process = await engine.process(ONE_TASK);
    await process.start();
    const [first] = await process.fetch('A', { lockDuration: 1 });
    const again = await eventually(
      () => process.fetch('A', {}, { workerId: 'other' }),
      (tasks) => tasks.length > 0,
    );
    expect(again).toMatchObject([{ id: first?.id, workerId: 'other' }]);
  });

  it('gives no more than maxTasks', async () => {
    const process = await engine.process(ONE_TASK);
    for (let n = 0; n < 3; n++) await process.start();
    expect(await process.fetch('A', {}, { maxTasks: 2 })).toHaveLength(2);
    expect(await process.fetch('A', {}, { maxTasks: 2 })).toHaveLength(1);
  });

  it('gives tasks of several topics at once', async () => {
    const one = await ownTopic();
    const two = await ownTopic();
    await one.process.start();
    await two.process.start();
    const { body } = await fetchAndLock({
      workerId: 'w',
      maxTasks: 10,
      topics: [one, two].map(({ topic }) => ({ topicName: topic, lockDuration: 60_000 })),
    });
    expect(body.map((task) => task.topicName).sort()).toEqual([one.topic, two.topic].sort());
  });

  it('takes the last of two topics of one name', async () => {
    const { topic, process } = await ownTopic();
    await process.start({}, { businessKey: 'b' });
    const topicOf = (businessKey: string) => ({ topicName: topic, lockDuration: 60_000, businessKey });
    const request = { workerId: 'w', maxTasks: 10 };
    expect((await fetchAndLock({ ...request, topics: [topicOf('b'), topicOf('x')] })).body).toEqual([]);
    expect((await fetchAndLock({ ...request, topics: [topicOf('x'), topicOf('b')] })).body).toHaveLength(1);
  });

  it('gives the highest priority first when asked', async () => {
    const { topic, process } = await ownTopic('', 'camunda:taskPriority="${p}"');
    for (const p of [3, 50, -7]) await process.start({ p });
    const { body } = await fetchAndLock({
      workerId: 'w',
      maxTasks: 10,
      usePriority: true,
      topics: [{ topicName: topic, lockDuration: 60_000 }],
    });
    expect(body.map((task) => task.priority)).toEqual([50, 3, -7]);
  });

  it('takes the priority of the process when the task has none', async () => {
    const process = await engine.process(ONE_TASK, { attributes: 'camunda:taskPriority="12"' });
    await process.start();
    expect(await process.fetchOne('A')).toMatchObject({ priority: 12 });
  });

  it.each([
    ['asc', [1, 2, 3]],
    ['desc', [3, 2, 1]],
  ])('gives tasks by their time of creation, %s', async (sortOrder, order) => {
    const process = await engine.process(ONE_TASK);
    for (const n of [1, 2, 3]) {
      await process.start({ n });
      const now = Date.now();
      await eventually(
        async () => Date.now(),
        (time) => time > now + 1,
      );
    }
    const tasks = await process.fetch('A', {}, { sorting: [{ sortBy: 'createTime', sortOrder }] });
    expect(tasks.map((task) => task.variables.n?.value)).toEqual(order);
  });

  it('evaluates a topic that is an expression', async () => {
    const topic = uniqueKey('t');
    const process = await engine.process([
      start(),
      task('A', '', 'camunda:topic="${where}"'),
      end(),
      path('start', 'A', 'end'),
    ]);
    await process.start({ where: topic });
    expect(await process.fetchOne(topic)).toMatchObject({ activityId: 'A', topicName: topic });
  });

  describe('variables', () => {
    it('are all that the task sees when none are named', async () => {
      const process = await engine.process([
        start(),
        task('A', io({ mine: 'x' })),
        end(),
        path('start', 'A', 'end'),
      ]);
      await process.start({ a: 1 });
      expect(Object.keys((await process.fetchOne('A')).variables).sort()).toEqual(['a', 'mine']);
    });

    it('are those that are named', async () => {
      const process = await engine.process(ONE_TASK);
      await process.start({ a: 1, b: 2 });
      expect((await process.fetchOne('A', { variables: ['b', 'nope'] })).variables).toEqual({
        b: { type: 'Integer', value: 2, valueInfo: {} },
      });
    });

    it('are none for an empty list', async () => {
      const process = await engine.process(ONE_TASK);
      await process.start({ a: 1 });
      expect((await process.fetchOne('A', { variables: [] })).variables).toEqual({});
    });

    it('are the local ones when asked', async () => {
      const process = await engine.process([
        start(),
        task('A', io({ mine: 'x' })),
        end(),
        path('start', 'A', 'end'),
      ]);
      await process.start({ a: 1 });
      expect((await process.fetchOne('A', { localVariables: true })).variables).toEqual({
        mine: { type: 'String', value: 'x', valueInfo: {} },
      });
    });

    it('hide those of the instance behind local ones of the same name', async () => {
      const process = await engine.process([
        start(),
        task('A', io({ a: 'inner' })),
        end(),
        path('start', 'A', 'end'),
      ]);
      const instance = await process.start({ a: 'outer' });
      expect((await process.fetchOne('A')).variables.a).toMatchObject({ value: 'inner' });
      expect(await process.variable(instance, 'a')).toMatchObject({ value: 'outer' });
    });
  });

  describe('topic filters', () => {
    it.each<[string, (process: { key: string; definitionId: string }) => Json, boolean]>([
      ['businessKey that fits', () => ({ businessKey: 'bk' }), true],
      ['businessKey of another', () => ({ businessKey: 'other' }), false],
      ['processDefinitionId that fits', ({ definitionId }) => ({ processDefinitionId: definitionId }), true],
      ['processDefinitionId of another', () => ({ processDefinitionId: 'nope' }), false],
      ['processDefinitionIdIn', ({ definitionId }) => ({ processDefinitionIdIn: ['x', definitionId] }), true],
      ['processDefinitionIdIn of others', () => ({ processDefinitionIdIn: ['x'] }), false],
      ['processDefinitionKey of another', () => ({ processDefinitionKey: 'nope' }), false],
      ['processDefinitionKeyIn', ({ key }) => ({ processDefinitionKeyIn: ['x', key] }), true],
      ['processDefinitionKeyIn of others', () => ({ processDefinitionKeyIn: ['x'] }), false],
      ['processDefinitionVersionTag that fits', () => ({ processDefinitionVersionTag: 'tag-1' }), true],
      ['processDefinitionVersionTag as a pattern', () => ({ processDefinitionVersionTag: 'tag-%' }), true],
      ['processDefinitionVersionTag of another', () => ({ processDefinitionVersionTag: 'tag-2' }), false],
      ['withoutTenantId', () => ({ withoutTenantId: true }), true],
      ['tenantIdIn of others', () => ({ tenantIdIn: ['t'] }), false],
      ['processVariables that fit', () => ({ processVariables: { a: 1 } }), true],
      ['processVariables of which one fits', () => ({ processVariables: { a: 1, b: 9 } }), true],
      ['processVariables of another value', () => ({ processVariables: { a: 2 } }), false],
    ])('%s', async (_name, filter, fits) => {
      const process = await engine.process(ONE_TASK, { attributes: 'camunda:versionTag="tag-1"' });
      await process.start({ a: 1 }, { businessKey: 'bk' });
      expect(await process.fetch('A', filter(process))).toHaveLength(fits ? 1 : 0);
    });
  });

  it('answers the extension properties when asked', async () => {
    const { topic, process } = await ownTopic(
      '<camunda:properties><camunda:property name="team" value="billing"/></camunda:properties>',
    );
    await process.start();
    const task = await process.fetchOne(topic, { includeExtensionProperties: true });
    expect(task.extensionProperties).toEqual({ team: 'billing' });
  });

  it('answers the details of the last failure', async () => {
    const process = await engine.process(ONE_TASK);
    await process.start();
    const task = await process.fetchOne('A');
    await process.report(task, 'failure', { errorMessage: 'm', errorDetails: 'd', retries: 2 });
    expect(await process.fetchOne('A')).toMatchObject({ errorMessage: 'm', errorDetails: 'd', retries: 2 });
  });

  describe('long poll', () => {
    it('answers nothing after its time', async () => {
      const { body } = await fetchAndLock({
        workerId: 'w',
        maxTasks: 1,
        asyncResponseTimeout: 50,
        topics: [{ topicName: uniqueKey('t'), lockDuration: 1000 }],
      });
      expect(body).toEqual([]);
    });

    it('returns at once if there is a task', async () => {
      const { topic, process } = await ownTopic();
      await process.start();
      const { body } = await fetchAndLock({
        workerId: 'w',
        maxTasks: 1,
        asyncResponseTimeout: 20_000,
        topics: [{ topicName: topic, lockDuration: 1000 }],
      });
      expect(body).toHaveLength(1);
    });

    it('answers when a task appears', async () => {
      const { topic, process } = await ownTopic();
      const poll = fetchAndLock({
        workerId: 'w',
        maxTasks: 1,
        asyncResponseTimeout: 20_000,
        topics: [{ topicName: topic, lockDuration: 1000 }],
      });
      const instance = await process.start();
      expect((await poll).body).toMatchObject([{ processInstanceId: instance }]);
    });

    it('answers when a task is unlocked', async () => {
      const { topic, process } = await ownTopic();
      await process.start();
      const task = await process.fetchOne(topic);
      const poll = fetchAndLock({
        workerId: 'w',
        maxTasks: 1,
        asyncResponseTimeout: 20_000,
        topics: [{ topicName: topic, lockDuration: 1000 }],
      });
      await process.report(task, 'unlock');
      expect((await poll).body).toMatchObject([{ id: task.id, workerId: 'w' }]);
    });

    it('gives a task to one of two that wait', async () => {
      const { topic, process } = await ownTopic();
      const polls = ['w1', 'w2'].map((workerId) =>
        fetchAndLock({
          workerId,
          maxTasks: 1,
          asyncResponseTimeout: 1_500,
          topics: [{ topicName: topic, lockDuration: 60_000 }],
        }),
      );
      await process.start();
      const answers = await Promise.all(polls);
      expect(answers.flatMap(({ body }) => body)).toHaveLength(1);
    });
  });
});
