import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TopicSubscription } from '../core/engine-api.types.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import { EngineHarness, flows, task, variables } from '../testing/engine.harness.js';
import { MAX_PARKED_POLLS } from './poll.registry.js';

const BODY = `<startEvent id="s"/>${task('a')}<endEvent id="e"/>${flows('s->a', 'a->e')}`;
const NOTHING = new Map();

describe('external tasks', () => {
  let h: EngineHarness;

  beforeEach(async () => {
    h = await EngineHarness.open();
    await h.deploy(BODY);
  });

  afterEach(async () => {
    jest.useRealTimers();
    await h.engine.close();
  });

  const completeAs = (id: string, workerId: string | null): Promise<void> =>
    h.engine.externalTasks.complete(id, { workerId, variables: NOTHING, localVariables: NOTHING });

  const fail = (
    id: string,
    retries: number,
    retryTimeout = 0,
    errorMessage: string | null = 'broken',
  ): Promise<void> =>
    h.engine.externalTasks.handleFailure(id, {
      workerId: 'w',
      errorMessage,
      errorDetails: 'stack',
      retries,
      retryTimeout,
      variables: variables({ reported: true }),
      localVariables: NOTHING,
    });

  const only = (): ExternalTaskRecord => h.engine.externalTasks.find({})[0]!;

  describe('locks', () => {
    it('hand a task to one worker until they run out', async () => {
      await h.start();
      const first = await h.take('a');
      expect(await h.fetch('a', { workerId: 'v' })).toEqual([]);
      h.now += 10_000;
      const [second] = await h.fetch('a', { workerId: 'v' });
      expect(second?.id).toBe(first.id);
      await expect(completeAs(first.id, 'w')).rejects.toMatchObject({
        message: `External Task ${first.id} cannot be completed by worker 'w'. It is locked by worker 'v'.`,
        kind: 'BadUserRequest',
      });
      await completeAs(first.id, 'v');
    });

    it('that ran out still let their worker complete, as long as nobody else took the task', async () => {
      await h.start();
      const { id } = await h.take('a');
      h.now += 60_000;
      await completeAs(id, 'w');
      await expect(completeAs(id, 'w')).rejects.toMatchObject({ kind: 'NotFound' });
    });

    it('are extended from now on, but not by another worker, and not once they ran out', async () => {
      await h.start();
      const { id } = await h.take('a');
      h.now += 5_000;
      await h.engine.externalTasks.extendLock(id, 'w', 30_000);
      expect(only().lockExpirationTime).toBe(h.now + 30_000);
      await expect(h.engine.externalTasks.extendLock(id, 'v', 1)).rejects.toThrow(
        /cannot be extended by worker 'v'/,
      );
      await expect(h.engine.externalTasks.extendLock(id, 'w', 0)).rejects.toMatchObject({
        kind: 'BadUserRequest',
      });
      await expect(h.engine.externalTasks.extendLock(id, 'w', null)).rejects.toMatchObject({
        kind: 'BadUserRequest',
      });
      h.now += 30_000;
      await expect(h.engine.externalTasks.extendLock(id, 'w', 1)).rejects.toThrow(
        'Cannot extend a lock that expired',
      );
    });

    it('can be taken by id where nobody else holds one, and be given back by anybody', async () => {
      await h.start();
      const { id } = only();
      await h.engine.externalTasks.lock(id, 'v', 1_000);
      await expect(h.engine.externalTasks.lock(id, 'w', 1_000)).rejects.toThrow(
        /cannot be locked by worker 'w'/,
      );
      await h.engine.externalTasks.lock(id, 'v', 2_000);
      await h.engine.externalTasks.unlock(id);
      expect(only()).toMatchObject({ workerId: null, lockExpirationTime: null });
      await h.engine.externalTasks.lock(id, 'w', 1_000);
      await expect(h.engine.externalTasks.lock(id, 'w', 0)).rejects.toMatchObject({ kind: 'BadUserRequest' });
      await expect(h.engine.externalTasks.lock(id, null, 1)).rejects.toMatchObject({ kind: 'NullValue' });
    });
  });

  describe('failures', () => {
    it('are retried when their time-out has passed', async () => {
      const { id } = await h.start();
      const { id: taskId } = await h.take('a');
      await fail(taskId, 2, 5_000);
      expect(only()).toMatchObject({
        retries: 2,
        errorMessage: 'broken',
        errorDetails: 'stack',
        workerId: 'w',
      });
      expect(h.values(id)).toEqual({ reported: true });
      expect(await h.fetch('a')).toEqual([]);
      h.now += 5_000;
      expect(await h.take('a')).toMatchObject({ id: taskId, retries: 2, errorMessage: 'broken' });
    });

    it('without retries left are an incident, which retries resolve', async () => {
      const { id } = await h.start();
      const { id: taskId } = await h.take('a');
      await fail(taskId, 0, 0, 'x'.repeat(1_000));
      expect(h.engine.runtime.findIncidents({ processInstanceId: id })).toEqual([
        expect.objectContaining({
          incidentType: 'failedExternalTask',
          configuration: taskId,
          activityId: 'a',
          incidentMessage: 'x'.repeat(666),
        }),
      ]);
      h.now += 60_000;
      expect(await h.fetch('a')).toEqual([]);
      expect(h.state(id)).toBe('ACTIVE');
      await fail(taskId, 0);
      expect(h.engine.runtime.countIncidents({})).toBe(1);
      await h.engine.externalTasks.setRetries(taskId, 1);
      expect(h.engine.runtime.countIncidents({})).toBe(0);
      await h.complete('a');
      expect(h.state(id)).toBe('COMPLETED');
    });

    it('leave no incident behind when the task is completed all the same', async () => {
      await h.start();
      const { id } = await h.take('a');
      await fail(id, 0);
      await completeAs(id, 'w');
      expect(h.engine.runtime.countIncidents({})).toBe(0);
    });

    it.each([
      [-1, 0],
      [0, -1],
    ])('with retries %i and time-out %i are refused', async (retries, timeout) => {
      await h.start();
      const { id } = await h.take('a');
      await expect(fail(id, retries, timeout)).rejects.toMatchObject({ kind: 'ProcessEngine' });
    });

    it('of another worker are refused', async () => {
      await h.start();
      const { id } = only();
      await expect(fail(id, 1)).rejects.toThrow(
        `Failure of External Task ${id} cannot be reported by worker 'w'. It is locked by worker 'null'.`,
      );
    });
  });

  it('set retries of many tasks at once, or of none', async () => {
    const { id: one } = await h.start();
    await h.start();
    await h.start();
    const ids = h.engine.externalTasks.find({}).map(({ id }) => id);
    await h.engine.externalTasks.setRetriesOfMany(
      { processInstanceIds: [one], externalTaskIds: [ids[1]!] },
      5,
    );
    expect(h.engine.externalTasks.find({}).map(({ retries }) => retries)).toEqual([5, 5, null]);
    await h.engine.externalTasks.setRetriesOfMany({ query: { topicName: 'a' } }, 0);
    expect(h.engine.runtime.countIncidents({})).toBe(3);
    await expect(
      h.engine.externalTasks.setRetriesOfMany({ externalTaskIds: [ids[0]!, 'nope'] }, 7),
    ).rejects.toMatchObject({ kind: 'NotFound' });
    await expect(h.engine.externalTasks.setRetriesOfMany({}, 7)).rejects.toMatchObject({
      kind: 'BadUserRequest',
    });
    await expect(h.engine.externalTasks.setRetries(ids[0]!, -1)).rejects.toMatchObject({
      kind: 'BadUserRequest',
    });
    expect(h.engine.externalTasks.find({}).map(({ retries }) => retries)).toEqual([0, 0, 0]);
  });

  it.each([null, ''])('refuse the worker id %p and a BPMN error without a code', async (nobody) => {
    await h.start();
    const { id } = await h.take('a');
    await expect(completeAs(id, nobody)).rejects.toMatchObject({
      kind: 'NullValue',
      message: 'workerId is null',
    });
    await expect(h.fetch('a', { workerId: nobody })).rejects.toMatchObject({ kind: 'NullValue' });
    await expect(
      h.engine.externalTasks.handleBpmnError(id, {
        workerId: 'w',
        errorCode: nobody,
        errorMessage: null,
        variables: NOTHING,
      }),
    ).rejects.toMatchObject({ kind: 'NullValue' });
  });

  describe('a fetch', () => {
    it('takes at most maxTasks, the highest priority first, then the oldest', async () => {
      await h.deploy(`<startEvent id="s"/>${task('a', '', 'camunda:taskPriority="${p}"')}${flows('s->a')}`);
      for (const p of [1, 5, 1, 5, 3]) {
        await h.start({ p }, `${p}-${h.now}`);
        h.now += 1;
      }
      const priorities = (tasks: readonly { priority: number }[]): number[] =>
        tasks.map(({ priority }) => priority);
      expect(priorities(await h.fetch('a', { maxTasks: 3 }))).toEqual([5, 5, 3]);
      expect(await h.fetch('a', { maxTasks: 0 })).toEqual([]);
      h.now += 20_000;
      expect(priorities(await h.fetch('a', { usePriority: false, createTime: 'asc' }))).toEqual([
        1, 5, 1, 5, 3,
      ]);
      h.now += 20_000;
      expect(priorities(await h.fetch('a', { usePriority: false, createTime: 'desc' }))).toEqual([
        3, 5, 1, 5, 1,
      ]);
      h.now += 20_000;
      expect(priorities(await h.fetch('a', { usePriority: true, createTime: 'desc' }))).toEqual([
        5, 5, 3, 1, 1,
      ]);
    });

    it('without priorities takes tasks as they became available', async () => {
      await h.deploy(`<startEvent id="s"/>${task('a', '', 'camunda:taskPriority="${p}"')}${flows('s->a')}`);
      for (const p of [1, 9, 4]) await h.start({ p });
      expect((await h.fetch('a', { usePriority: false })).map(({ priority }) => priority)).toEqual([1, 9, 4]);
    });

    it('goes through a long queue in its order, whatever leaves it in between', async () => {
      for (let n = 0; n < 3_000; n += 1) await h.start({}, `k${n}`);
      const seen: (string | null)[] = [];
      for (let round = 0; round < 30; round += 1) {
        const tasks = await h.fetch('a', { maxTasks: 100 });
        seen.push(...tasks.map(({ businessKey }) => businessKey));
        await Promise.all(tasks.map(({ id }) => completeAs(id, 'w')));
      }
      expect(seen).toEqual(Array.from({ length: 3_000 }, (_, n) => `k${n}`));
      expect(h.engine.externalTasks.count({})).toBe(0);
    });

    it('takes tasks of several topics together by their priority', async () => {
      await h.deploy(
        `<startEvent id="s"/><parallelGateway id="f"/>${task('a', '', 'camunda:taskPriority="1"')}${task('b', '', 'camunda:taskPriority="2"')}${flows('s->f', 'f->a', 'f->b')}`,
      );
      await h.start();
      await h.start();
      const tasks = await h.fetch([{ topicName: 'a' }, { topicName: 'b' }], { maxTasks: 3 });
      expect(tasks.map(({ topicName }) => topicName)).toEqual(['b', 'b', 'a']);
    });

    const FILTERS: readonly (readonly [
      string,
      (record: ExternalTaskRecord) => Partial<TopicSubscription>,
      boolean,
    ])[] = [
      ['businessKey', () => ({ businessKey: 'k' }), true],
      ['another businessKey', () => ({ businessKey: 'other' }), false],
      ['processDefinitionId', (r) => ({ processDefinitionId: r.processDefinitionId }), true],
      ['another processDefinitionId', () => ({ processDefinitionId: 'other' }), false],
      ['processDefinitionIdIn', (r) => ({ processDefinitionIdIn: ['x', r.processDefinitionId] }), true],
      ['processDefinitionIdIn without it', () => ({ processDefinitionIdIn: ['x'] }), false],
      ['processDefinitionKey', () => ({ processDefinitionKey: 'p' }), true],
      ['another processDefinitionKey', () => ({ processDefinitionKey: 'q' }), false],
      ['processDefinitionKeyIn', () => ({ processDefinitionKeyIn: ['q', 'p'] }), true],
      ['processDefinitionKeyIn without it', () => ({ processDefinitionKeyIn: ['q'] }), false],
      ['processDefinitionVersionTag', () => ({ processDefinitionVersionTag: 'v1%' }), true],
      ['another processDefinitionVersionTag', () => ({ processDefinitionVersionTag: 'v2%' }), false],
      ['withoutTenantId', () => ({ withoutTenantId: true }), true],
      ['tenantIdIn', () => ({ tenantIdIn: ['t'] }), false],
      [
        'processVariables',
        () => ({
          processVariables: new Map<string, unknown>([
            ['n', 1],
            ['nope', 2],
          ]),
        }),
        true,
      ],
      ['other processVariables', () => ({ processVariables: new Map<string, unknown>([['n', 2]]) }), false],
      ['no processVariables', () => ({ processVariables: new Map() }), true],
    ];

    it.each(FILTERS)('by %s', async (_name, filter, found) => {
      await h.deploy(BODY, 'camunda:versionTag="v1.2"');
      await h.start({ n: 1 }, 'k');
      const tasks = await h.fetch([{ topicName: 'a', ...filter(only()) }]);
      expect(tasks).toHaveLength(found ? 1 : 0);
    });

    it('hands out the variables that are asked for, and extension properties on demand', async () => {
      await h.deploy(
        `<startEvent id="s"/>${task('a', '<camunda:properties><camunda:property name="team" value="red"/></camunda:properties><camunda:inputOutput><camunda:inputParameter name="mine">1</camunda:inputParameter></camunda:inputOutput>')}${flows('s->a')}`,
      );
      await h.start({ x: 1, y: 2 });
      const names = async (topic: Partial<TopicSubscription>): Promise<unknown[]> => {
        const [found] = await h.fetch([{ topicName: 'a', ...topic }]);
        h.now += 60_000;
        return [[...(found?.variables.keys() ?? [])].sort(), found?.extensionProperties];
      };
      expect(await names({})).toEqual([['mine', 'x', 'y'], {}]);
      expect(await names({ variables: ['x', 'nope'], includeExtensionProperties: true })).toEqual([
        ['x'],
        { team: 'red' },
      ]);
      expect(await names({ variables: [] })).toEqual([[], {}]);
      expect(await names({ localVariables: true })).toEqual([['mine'], {}]);
    });

    it('is refused for a lock of no duration and for a wait beyond 30 minutes', async () => {
      await expect(h.fetch([{ topicName: 'a', lockDuration: 0 }])).rejects.toThrow(
        'lockTime is not greater than 0',
      );
      await expect(h.fetch('a', { asyncResponseTimeout: 1_800_001 })).rejects.toMatchObject({
        camundaClass: 'InvalidRequestException',
      });
    });
  });

  describe('a parked poll', () => {
    it('gets a new task, in the order of arrival', async () => {
      const polls = ['v', 'w', 'x'].map((workerId) => h.poll('a', { workerId, maxTasks: 1 }));
      await h.start();
      await h.start();
      expect((await polls[0]!.tasks).map(({ workerId }) => workerId)).toEqual(['v']);
      expect((await polls[1]!.tasks).map(({ workerId }) => workerId)).toEqual(['w']);
      polls[2]!.cancel();
      expect(await polls[2]!.tasks).toEqual([]);
      polls[2]!.cancel();
    });

    it('does not get what it did not ask for', async () => {
      const poll = h.poll([{ topicName: 'a', businessKey: 'mine' }]);
      const other = h.poll('b');
      await h.start({}, 'yours');
      await h.start({}, 'mine');
      expect((await poll.tasks).map(({ businessKey }) => businessKey)).toEqual(['mine']);
      other.cancel();
      expect(await other.tasks).toEqual([]);
    });

    it('gets a task that is unlocked, or given retries again', async () => {
      await h.start();
      const { id } = await h.take('a');
      const first = h.poll('a', { workerId: 'v' });
      await h.engine.externalTasks.unlock(id);
      expect(await first.tasks).toHaveLength(1);
      await h.engine.externalTasks.unlock(id);
      await h.engine.externalTasks.setRetries(id, 0);
      const second = h.poll('a', { workerId: 'x' });
      await h.engine.externalTasks.setRetries(id, 1);
      expect((await second.tasks)[0]).toMatchObject({ workerId: 'x', retries: 1 });
    });

    it.each(['a lock', 'a retry'])(
      'gets a task when %s runs out, without anybody else moving',
      async (kind) => {
        jest.useFakeTimers();
        await h.start();
        const { id } = await h.take('a');
        if (kind === 'a retry') await fail(id, 1, 3_000);
        const poll = h.poll('a', { workerId: 'v' });
        h.now += 10_000;
        jest.advanceTimersByTime(10_000);
        expect((await poll.tasks)[0]).toMatchObject({ id, workerId: 'v' });
      },
    );

    it('is answered with nothing when its time is over', async () => {
      jest.useFakeTimers();
      const poll = h.poll('a', { asyncResponseTimeout: 5_000 });
      jest.advanceTimersByTime(5_000);
      expect(await poll.tasks).toEqual([]);
      await h.start();
      expect(only().workerId).toBeNull();
    });

    it('is refused beyond 200, and takes its place again when one goes', async () => {
      const polls = Array.from({ length: MAX_PARKED_POLLS }, () => h.poll('none'));
      await expect(h.poll('none').tasks).rejects.toMatchObject({ kind: 'TooManyRequests' });
      polls[0]!.cancel();
      const next = h.poll('none');
      for (const poll of [...polls, next]) poll.cancel();
      expect(await next.tasks).toEqual([]);
    });

    it('is told that the engine closes, as is everybody who comes later', async () => {
      const poll = h.poll('a');
      const closed = h.engine.close();
      await expect(poll.tasks).rejects.toMatchObject({ kind: 'Shutdown' });
      await closed;
      await expect(h.poll('a').tasks).rejects.toMatchObject({ kind: 'Shutdown' });
      await expect(h.start()).rejects.toMatchObject({ kind: 'Shutdown' });
    });
  });

  describe('a query', () => {
    it('finds tasks by every filter', async () => {
      const { id: instance } = await h.start({ n: 1 }, 'k');
      await h.start({ n: 2 });
      const { id } = (await h.fetch([{ topicName: 'a', businessKey: 'k' }]))[0]!;
      await fail(id, 0);
      await h.engine.externalTasks.setPriority(id, 50);
      const record = h.engine.externalTasks.findOne(id)!;
      const queries: readonly Parameters<EngineHarness['engine']['externalTasks']['find']>[0][] = [
        { externalTaskId: id },
        { externalTaskIdIn: [id] },
        { workerId: 'w' },
        { noRetriesLeft: true },
        { processInstanceId: instance },
        { processInstanceIdIn: [instance] },
        { executionId: record.executionId },
        { priorityHigherThanOrEquals: 50 },
        { processVariables: [{ name: 'n', operator: 'lt', value: 2 }] },
        { lockExpirationBefore: h.now + 1 },
      ];
      for (const query of queries) {
        expect([query, h.engine.externalTasks.find(query).map((found) => found.id)]).toEqual([query, [id]]);
        expect(h.engine.externalTasks.count(query)).toBe(1);
      }
      const none: typeof queries = [
        { externalTaskId: 'nope' },
        { topicName: 'b' },
        { locked: true },
        { suspended: true },
        { activityId: 'b' },
        { activityIdIn: ['b'] },
        { processDefinitionId: 'nope' },
        { processDefinitionKey: 'q' },
        { processDefinitionKeyIn: ['q'] },
        { processDefinitionName: 'other' },
        { processDefinitionNameLike: 'other%' },
        { tenantIdIn: ['t'] },
        { priorityLowerThanOrEquals: -1 },
        { lockExpirationAfter: h.now },
      ];
      for (const query of none) expect([query, h.engine.externalTasks.count(query)]).toEqual([query, 0]);
      expect(
        h.engine.externalTasks.count({
          notLocked: true,
          withRetriesLeft: true,
          active: true,
          processDefinitionNameLike: 'Proc%',
        }),
      ).toBe(1);
      expect(h.engine.externalTasks.findOne('nope')).toBeNull();
    });

    it.each([
      'id',
      'lockExpirationTime',
      'processInstanceId',
      'processDefinitionId',
      'processDefinitionKey',
      'tenantId',
      'taskPriority',
      'createTime',
    ] as const)('sorts by %s both ways, and cuts pages', async (sortBy) => {
      for (let n = 0; n < 4; n += 1) {
        await h.start();
        h.now += 1_000;
      }
      await h.fetch('a', { maxTasks: 2 });
      const ids = (sortOrder: 'asc' | 'desc'): (string | number | null)[] =>
        h.engine.externalTasks
          .find({ sorting: [{ sortBy, sortOrder }] })
          .map((found) => (sortBy === 'taskPriority' ? found.priority : found[sortBy]));
      expect(ids('asc')).toEqual([...ids('desc')].reverse());
      expect(h.engine.externalTasks.find({ firstResult: 1, maxResults: 2 })).toHaveLength(2);
    });

    it('lists the topics', async () => {
      await h.start();
      expect(h.engine.externalTasks.findTopicNames({})).toEqual(['a']);
      expect(h.engine.externalTasks.findTopicNames({ withLockedTasks: true })).toEqual([]);
      expect(
        h.engine.externalTasks.findTopicNames({ withUnlockedTasks: true, withRetriesLeft: true }),
      ).toEqual(['a']);
    });
  });
});
