import { describe, expect, it } from '@jest/globals';
import { DATE, refused } from './support/answers.js';
import { end, path, start, task, and } from './support/bpmn.js';
import { uniqueKey } from './support/engine.client.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const ONE_TASK = [start(), task('A'), end(), path('start', 'A', 'end')];
const TWO_TASKS = [
  start(),
  and('fork'),
  task('A', '', 'camunda:taskPriority="10"'),
  task('B', '', 'camunda:taskPriority="20"'),
  end(),
  path('start', 'fork', 'A', 'end'),
  path('fork', 'B', 'end'),
];

describe('external task queries', () => {
  it('respond 404 to an unknown task', async () => {
    expect(await engine.get('/external-task/nope')).toMatchObject(
      refused(404, 'RestException', 'External task with id nope does not exist'),
    );
  });

  it('return one task with all its members', async () => {
    const process = await engine.process(ONE_TASK);
    const instance = await process.start({ hidden: 1 }, { businessKey: 'bk' });
    const [open] = await engine.list(`/external-task?processInstanceId=${instance}`);
    expect(open).toEqual({
      activityId: 'A',
      activityInstanceId: expect.stringMatching(/^A:/),
      errorMessage: null,
      executionId: expect.any(String),
      id: expect.any(String),
      lockExpirationTime: null,
      createTime: expect.stringMatching(DATE),
      processDefinitionId: process.definitionId,
      processDefinitionKey: process.key,
      processDefinitionVersionTag: null,
      processInstanceId: instance,
      retries: null,
      suspended: false,
      workerId: null,
      topicName: 'A',
      tenantId: null,
      priority: 0,
      businessKey: 'bk',
    });
    expect(await engine.read(`/external-task/${String(open?.id)}`)).toEqual(open);
  });

  it.each<[string, string[]]>([
    ['activityId=A', ['A']],
    ['activityIdIn=A,B', ['A', 'B']],
    ['topicName=B', ['B']],
    ['topicName=nope', []],
    ['locked=true', ['A']],
    ['notLocked=true', ['B']],
    ['workerId=worker-1', ['A']],
    ['workerId=nope', []],
    ['active=true', ['A', 'B']],
    ['suspended=true', []],
    ['withRetriesLeft=true', ['A', 'B']],
    ['noRetriesLeft=true', []],
    ['priorityHigherThanOrEquals=20', ['B']],
    ['priorityLowerThanOrEquals=10', ['A']],
    ['tenantIdIn=nope', []],
    ['lockExpirationAfter=2020-01-01T00:00:00.000%2B0000', ['A']],
    ['lockExpirationBefore=2020-01-01T00:00:00.000%2B0000', []],
  ])('filter by %s', async (filter, found) => {
    const process = await engine.process(TWO_TASKS);
    const instance = await process.start();
    await process.fetchOne('A');
    const query = `processInstanceId=${instance}&${filter}`;
    const tasks = await engine.list(`/external-task?${query}`);
    expect(tasks.map(({ activityId }) => activityId).sort()).toEqual(found);
    expect(await engine.count(`/external-task/count?${query}`)).toBe(found.length);
  });

  it('filter by definition', async () => {
    const process = await engine.process(ONE_TASK);
    await process.start();
    expect(await engine.count(`/external-task/count?processDefinitionKey=${process.key}`)).toBe(1);
    expect(await engine.count(`/external-task/count?processDefinitionId=${process.definitionId}`)).toBe(1);
    expect(await engine.count(`/external-task/count?processDefinitionKeyIn=x,${process.key}`)).toBe(1);
  });

  it('take their filters from a body as well', async () => {
    const process = await engine.process(TWO_TASKS);
    const instance = await process.start();
    const answer = await engine.post<unknown[]>('/external-task', {
      processInstanceIdIn: [instance],
      activityId: 'A',
    });
    expect(answer).toMatchObject({ status: 200, body: [{ activityId: 'A' }] });
    expect((await engine.post('/external-task/count', { processInstanceIdIn: [instance] })).body).toEqual({
      count: 2,
    });
  });

  it('sort by priority', async () => {
    const process = await engine.process(TWO_TASKS);
    const instance = await process.start();
    const sorted = async (order: string) =>
      (
        await engine.list(
          `/external-task?processInstanceId=${instance}&sortBy=taskPriority&sortOrder=${order}`,
        )
      ).map(({ activityId }) => activityId);
    expect(await sorted('asc')).toEqual(['A', 'B']);
    expect(await sorted('desc')).toEqual(['B', 'A']);
  });

  it('sort by a body', async () => {
    const process = await engine.process(TWO_TASKS);
    const instance = await process.start();
    const { body } = await engine.post<unknown[]>('/external-task', {
      processInstanceId: instance,
      sorting: [{ sortBy: 'taskPriority', sortOrder: 'desc' }],
    });
    expect(body).toMatchObject([{ activityId: 'B' }, { activityId: 'A' }]);
  });

  it('return a page', async () => {
    const process = await engine.process(TWO_TASKS);
    const instance = await process.start();
    const page = await engine.list(
      `/external-task?processInstanceId=${instance}&sortBy=taskPriority&sortOrder=asc&firstResult=1&maxResults=5`,
    );
    expect(page).toMatchObject([{ activityId: 'B' }]);
  });

  it('list the names of topics', async () => {
    const topic = uniqueKey('t');
    const process = await engine.process([
      start(),
      task('A', '', `camunda:topic="${topic}"`),
      end(),
      path('start', 'A', 'end'),
    ]);
    await process.start();
    const names = (query: string) => engine.read<string[]>(`/external-task/topic-names${query}`);
    expect(await names('')).toContain(topic);
    expect(await names('?withUnlockedTasks=true')).toContain(topic);
    expect(await names('?withLockedTasks=true')).not.toContain(topic);
    await process.fetchOne(topic);
    expect(await names('?withLockedTasks=true')).toContain(topic);
  });
});
