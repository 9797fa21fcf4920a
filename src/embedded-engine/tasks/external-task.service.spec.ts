import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ExternalTaskQuery } from '../query/external-task.query.js';
import { EngineHarness, variables } from '../testing/engine.harness.js';
import { bpmn, path, process, sequence, start, task } from '../testing/process.builder.js';

let h: EngineHarness;
let id: string;

beforeEach(async () => {
  h = await EngineHarness.open();
  await h.deploy(bpmn(sequence('p', 'A', 'B')));
  await h.start('p');
  id = h.engine.externalTasks.find({})[0]!.id;
});

const record = () => h.engine.externalTasks.findOne(id);

describe('a lock', () => {
  it('excludes other workers until it expires', async () => {
    expect(await h.take('A')).toMatchObject({ workerId: 'w', lockExpirationTime: h.clock.now + 1_000 });
    h.clock.now += 999;
    expect(await h.fetch('A')).toEqual([]);
    h.clock.now += 1;
    expect(await h.fetch('A', { workerId: 'v' })).toMatchObject([{ id, workerId: 'v' }]);
  });

  it('that has expired still allows reports of its worker, unless another worker has the task', async () => {
    await h.take('A');
    h.clock.now += 5_000;
    await h.complete(id);
    expect(h.waiting()).toEqual(['B']);
    const { id: second } = await h.take('B');
    h.clock.now += 5_000;
    await h.fetch('B', { workerId: 'v' });
    await expect(h.complete(second)).rejects.toMatchObject({
      kind: 'BadUserRequest',
      message: `External Task ${second} cannot be completed by worker 'w'. It is locked by worker 'v'.`,
    });
    await expect(h.fail(second, 1)).rejects.toThrow(
      `Failure of External Task ${second} cannot be reported by worker 'w'. It is locked by worker 'v'.`,
    );
    await expect(h.bpmnError(second, 'E')).rejects.toThrow(
      `Bpmn error of External Task ${second} cannot be reported by worker 'w'. It is locked by worker 'v'.`,
    );
  });

  it('is required for reports', async () => {
    await expect(h.complete(id)).rejects.toThrow("It is locked by worker 'null'.");
  });

  it('is extended from now, and only before it expires', async () => {
    const { externalTasks } = h.engine;
    await expect(externalTasks.extendLock(id, 'w', 500)).rejects.toThrow("It is locked by worker 'null'.");
    await h.take('A');
    h.clock.now += 900;
    await externalTasks.extendLock(id, 'w', 500);
    expect(record()?.lockExpirationTime).toBe(h.clock.now + 500);
    await expect(externalTasks.extendLock(id, 'v', 500)).rejects.toThrow(
      `The lock of the External Task ${id} cannot be extended by worker 'v''. It is locked by worker 'w'.`,
    );
    h.clock.now += 500;
    await expect(externalTasks.extendLock(id, 'w', 500)).rejects.toMatchObject({
      kind: 'BadUserRequest',
      message: 'Cannot extend a lock that expired',
    });
  });

  it('can be set on a task that is free, expired or locked by the same worker', async () => {
    const { externalTasks } = h.engine;
    await externalTasks.lock(id, 'w', 100);
    await externalTasks.lock(id, 'w', 200);
    await expect(externalTasks.lock(id, 'v', 100)).rejects.toThrow(
      `External Task ${id} cannot be locked by worker 'v'. It is locked by worker 'w'.`,
    );
    h.clock.now += 200;
    await externalTasks.lock(id, 'v', 100);
    expect(record()).toMatchObject({ workerId: 'v', lockExpirationTime: h.clock.now + 100 });
  });

  it('can be removed without a worker', async () => {
    await h.take('A');
    await h.engine.externalTasks.unlock(id);
    expect(record()).toMatchObject({ workerId: null, lockExpirationTime: null });
    expect(await h.fetch('A', { workerId: 'v' })).toHaveLength(1);
  });

  it.each([
    ['a worker to lock', () => h.engine.externalTasks.lock(id, null, 1), 'NullValue', 'workerId is null'],
    [
      'a worker to extend',
      () => h.engine.externalTasks.extendLock(id, '', 1),
      'NullValue',
      'workerId is null',
    ],
    [
      'a duration to lock',
      () => h.engine.externalTasks.lock(id, 'w', 0),
      'BadUserRequest',
      'lockDuration is not greater than 0',
    ],
    [
      'a duration to extend',
      () => h.engine.externalTasks.extendLock(id, 'w', null),
      'BadUserRequest',
      'newDuration is not greater than 0',
    ],
    [
      'a task to unlock',
      () => h.engine.externalTasks.unlock('x'),
      'NotFound',
      'External task with id x does not exist',
    ],
  ])('needs %s', async (_name, command, kind, message) => {
    await expect(command()).rejects.toMatchObject({ kind, message });
  });
});

describe('a failure', () => {
  it('keeps the worker, and all workers wait for the retry', async () => {
    await h.take('A');
    await h.fail(id, 2, 3_000);
    expect(record()).toMatchObject({
      workerId: 'w',
      retries: 2,
      errorMessage: 'boom',
      errorDetails: 'stack',
      lockExpirationTime: h.clock.now + 3_000,
    });
    expect(await h.fetch('A', { workerId: 'v' })).toEqual([]);
    h.clock.now += 3_000;
    expect(await h.fetch('A', { workerId: 'v' })).toMatchObject([{ retries: 2, errorDetails: 'stack' }]);
  });

  it('without a retry timeout is retried at once', async () => {
    await h.take('A');
    await h.fail(id, 1);
    expect(await h.fetch('A')).toHaveLength(1);
  });

  it('cuts its message at 666 characters', async () => {
    await h.take('A');
    const report = {
      workerId: 'w',
      retries: 1,
      retryTimeout: 0,
      variables: variables(),
      localVariables: variables(),
    };
    await h.engine.externalTasks.handleFailure(id, {
      ...report,
      errorMessage: 'x'.repeat(700),
      errorDetails: null,
    });
    expect(record()?.errorMessage).toHaveLength(666);
    await h.engine.externalTasks.handleFailure(id, { ...report, errorMessage: null, errorDetails: null });
    expect(record()?.errorMessage).toBeNull();
  });

  it('without retries creates one incident, and the task is not fetched until retries are set', async () => {
    await h.take('A');
    await h.fail(id, 0);
    await h.fail(id, 0);
    h.clock.now += 60_000;
    expect(await h.fetch('A')).toEqual([]);
    const { runtime, externalTasks } = h.engine;
    expect(runtime.incidents.find({})).toMatchObject([
      { incidentType: 'failedExternalTask', configuration: id, incidentMessage: 'boom', activityId: 'A' },
    ]);
    await externalTasks.setRetries(id, 0);
    expect(runtime.incidents.count({})).toBe(1);
    await externalTasks.setRetries(id, 3);
    expect(runtime.incidents.count({})).toBe(0);
    expect(await h.fetch('A')).toMatchObject([{ retries: 3 }]);
  });

  it('is resolved by a completion, and history contains the incident', async () => {
    const instance = record()!.processInstanceId;
    expect(h.engine.history.instances.count({ withIncidents: true })).toBe(0);
    await h.take('A');
    await h.fail(id, 0);
    await h.complete(id);
    expect(h.engine.runtime.incidents.count({})).toBe(0);
    expect(h.waiting()).toEqual(['B']);
    expect(h.engine.history.instances.find({ withIncidents: true })).toMatchObject([{ id: instance }]);
  });

  it('with negative retries or timeout is rejected', async () => {
    await h.take('A');
    await expect(h.fail(id, -1)).rejects.toThrow('retries is not greater than or equal to 0');
    await expect(h.fail(id, 1, -1)).rejects.toThrow('retryTimeout is not greater than or equal to 0');
  });
});

describe('a BPMN error', () => {
  it.each([null, ''])('requires a code; %j is rejected', async (errorCode) => {
    await h.take('A');
    await expect(
      h.engine.externalTasks.handleBpmnError(id, {
        workerId: 'w',
        errorCode,
        errorMessage: null,
        variables: variables(),
      }),
    ).rejects.toMatchObject({ kind: 'NullValue', message: 'errorCode is null' });
  });
});

describe('retries', () => {
  it('are set for all selected tasks, or for none', async () => {
    const { externalTasks } = h.engine;
    const { id: second } = await h.start('p');
    const { id: third } = await h.start('p', {}, 'third');
    expect(third).not.toBe(second);
    await expect(externalTasks.setRetriesOfMany({ externalTaskIds: [id, 'none'] }, 0)).rejects.toThrow(
      'External task with id none does not exist',
    );
    expect(record()?.retries).toBeNull();
    await externalTasks.setRetriesOfMany(
      { externalTaskIds: [id], processInstanceIds: [second], query: { processInstanceId: third } },
      0,
    );
    expect(externalTasks.count({ noRetriesLeft: true })).toBe(3);
    expect(h.engine.runtime.incidents.count({})).toBe(3);
    await externalTasks.setRetriesOfMany({ query: {} }, 5);
    expect(h.engine.runtime.incidents.count({})).toBe(0);
    await expect(externalTasks.setRetriesOfMany({}, 5)).rejects.toThrow('externalTaskIds is empty');
    await expect(externalTasks.setRetries(id, -1)).rejects.toThrow(
      'The number of retries cannot be negative',
    );
  });
});

describe('queries', () => {
  let ids: Readonly<Record<string, string>>;

  beforeEach(async () => {
    await h.deploy(
      bpmn(
        process(
          'q',
          [
            start(),
            task('X', '', 'camunda:taskPriority="${prio}"'),
            task('Y', '', 'camunda:topic="A"'),
            path('start', 'X'),
            path('start', 'Y'),
          ],
          'name="Quick"',
        ),
      ),
      { tenantId: 't' },
    );
    h.clock.now += 10;
    const [definition] = h.engine.repository.definitions.find({ key: 'q' });
    await h.start(definition!.id, { prio: 7, n: 1 });
    const of = (activityId: string) => h.engine.externalTasks.find({ activityId })[0]!;
    await h.engine.externalTasks.lock(of('X').id, 'x', 500);
    await h.engine.externalTasks.setRetries(of('Y').id, 0);
    ids = { A: id, X: of('X').id, Y: of('Y').id };
  });

  const queries: readonly [ExternalTaskQuery, readonly string[]][] = [
    [{}, ['A', 'X', 'Y']],
    [{ externalTaskId: 'none' }, []],
    [{ topicName: 'A' }, ['A', 'Y']],
    [{ workerId: 'x' }, ['X']],
    [{ locked: true }, ['X']],
    [{ notLocked: true }, ['A', 'Y']],
    [{ withRetriesLeft: true }, ['A', 'X']],
    [{ noRetriesLeft: true }, ['Y']],
    [{ lockExpirationBefore: 1_000_511 }, ['X']],
    [{ lockExpirationBefore: 1_000_510 }, []],
    [{ lockExpirationAfter: 1_000_509 }, ['X']],
    [{ lockExpirationAfter: 1_000_510 }, []],
    [{ activityId: 'Y' }, ['Y']],
    [{ activityIdIn: ['X', 'Y'] }, ['X', 'Y']],
    [{ executionId: 'none' }, []],
    [{ processInstanceId: 'none' }, []],
    [{ processInstanceIdIn: ['none'] }, []],
    [{ processDefinitionId: 'none' }, []],
    [{ processDefinitionKey: 'q' }, ['X', 'Y']],
    [{ processDefinitionKeyIn: ['p'] }, ['A']],
    [{ processDefinitionName: 'Quick' }, ['X', 'Y']],
    [{ processDefinitionNameLike: 'Qu%' }, ['X', 'Y']],
    [{ processVariables: [{ name: 'n', operator: 'eq', value: 1 }] }, ['X', 'Y']],
    [{ active: true }, ['A', 'X', 'Y']],
    [{ suspended: true }, []],
    [{ priorityHigherThanOrEquals: 7 }, ['X']],
    [{ priorityLowerThanOrEquals: 6 }, ['A', 'Y']],
    [{ tenantIdIn: ['t'] }, ['X', 'Y']],
    [{ sorting: [{ sortBy: 'taskPriority', sortOrder: 'desc' }] }, ['X', 'A', 'Y']],
    [{ sorting: [{ sortBy: 'createTime', sortOrder: 'desc' }] }, ['X', 'Y', 'A']],
    [{ sorting: [{ sortBy: 'lockExpirationTime', sortOrder: 'desc' }] }, ['X', 'A', 'Y']],
    [{ sorting: [{ sortBy: 'processDefinitionKey', sortOrder: 'desc' }] }, ['X', 'Y', 'A']],
    [{ sorting: [{ sortBy: 'processDefinitionId', sortOrder: 'desc' }] }, ['X', 'Y', 'A']],
    [{ sorting: [{ sortBy: 'tenantId', sortOrder: 'desc' }] }, ['X', 'Y', 'A']],
  ];

  it.each(queries)('by %j', (query, found) => {
    expect(h.engine.externalTasks.find(query).map(({ activityId }) => activityId)).toEqual(found);
    expect(h.engine.externalTasks.count(query)).toBe(found.length);
  });

  it('by ids', () => {
    const { externalTasks } = h.engine;
    const task = externalTasks.findOne(ids.X!)!;
    expect(externalTasks.count({ externalTaskId: task.id })).toBe(1);
    expect(externalTasks.count({ externalTaskIdIn: [task.id, ids.A!] })).toBe(2);
    expect(externalTasks.count({ executionId: task.executionId })).toBe(1);
    expect(externalTasks.count({ processInstanceId: task.processInstanceId })).toBe(2);
    expect(externalTasks.count({ processInstanceIdIn: [task.processInstanceId] })).toBe(2);
    expect(externalTasks.count({ processDefinitionId: task.processDefinitionId })).toBe(2);
    for (const sortBy of ['id', 'processInstanceId'] as const) {
      const keys = externalTasks
        .find({ sorting: [{ sortBy, sortOrder: 'asc' }] })
        .map((found) => found[sortBy]);
      expect(keys).toEqual([...keys].sort());
    }
  });

  it.each([
    [{}, ['A', 'X']],
    [{ withLockedTasks: true }, ['X']],
    [{ withUnlockedTasks: true, withRetriesLeft: true }, ['A']],
  ] as const)('for the names of topics with %j', (query, names) => {
    expect(h.engine.externalTasks.findTopicNames(query)).toEqual(names);
  });
});
