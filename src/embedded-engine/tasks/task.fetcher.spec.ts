import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FetchInput, TopicSubscription } from './fetch-and-lock.types.js';
import { EngineHarness, plain, deletion } from '../testing/engine.harness.js';
import { bpmn, io, path, process, sequence, start, task } from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open();
});

const topic = (more: Partial<TopicSubscription> = {}): readonly TopicSubscription[] => [
  { topicName: 'T', lockDuration: 1_000, ...more },
];

describe('the order of a fetch', () => {
  beforeEach(async () => {
    await h.deploy(
      bpmn(
        ...['T', 'U'].map((name) =>
          process(`p${name}`, [
            start(`s${name}`),
            task(`A${name}`, '', `camunda:topic="${name}" camunda:taskPriority="\${prio}"`),
            path(`s${name}`, `A${name}`),
          ]),
        ),
      ),
    );
    for (const [key, prio] of [
      ['pT', 1],
      ['pU', 5],
      ['pT', 9],
      ['pT', 5],
    ] as const) {
      h.clock.now += 1;
      await h.start(key, { prio }, `${key}${prio}`);
    }
  });

  const both: readonly TopicSubscription[] = [...topic(), { topicName: 'U', lockDuration: 5 }];
  const cases: readonly [Partial<FetchInput>, readonly TopicSubscription[], readonly string[]][] = [
    [{}, topic(), ['pT1', 'pT9', 'pT5']],
    [{ usePriority: true }, topic(), ['pT9', 'pT5', 'pT1']],
    [{ createTime: 'desc' }, topic(), ['pT5', 'pT9', 'pT1']],
    [{ createTime: 'asc', maxTasks: 2 }, topic(), ['pT1', 'pT9']],
    [{}, both, ['pT1', 'pU5', 'pT9', 'pT5']],
    [{ usePriority: true }, both, ['pT9', 'pU5', 'pT5', 'pT1']],
    [{ usePriority: true, createTime: 'desc' }, both, ['pT9', 'pT5', 'pU5', 'pT1']],
    [{ maxTasks: 1 }, both, ['pT1']],
    [{ maxTasks: 0 }, topic(), []],
    [{ maxTasks: 0, createTime: 'asc' }, topic(), []],
    [{}, [], []],
  ];

  it('rejects a negative number of tasks', async () => {
    await expect(h.fetch(topic(), { maxTasks: -1 })).rejects.toThrow(
      'maxResults is not greater than or equal to 0',
    );
  });

  it.each(cases)('with %j', async (more, topics, keys) => {
    expect((await h.fetch(topics, more)).map(({ businessKey }) => businessKey)).toEqual(keys);
  });

  it('respects a priority that is set later', async () => {
    const [first] = h.engine.externalTasks.find({ priorityLowerThanOrEquals: 1 });
    await h.engine.externalTasks.setPriority(first!.id, 20);
    const tasks = await h.fetch(topic(), { usePriority: true });
    expect(tasks.map(({ priority }) => priority)).toEqual([20, 9, 5]);
  });

  it('keeps the position of a task whose retries are set', async () => {
    const [first] = h.engine.externalTasks.find({ priorityLowerThanOrEquals: 1 });
    await h.engine.externalTasks.setRetries(first!.id, 5);
    expect((await h.fetch(topic())).map(({ priority }) => priority)).toEqual([1, 9, 5]);
  });

  it('uses the last of two subscriptions to one topic', async () => {
    const [first] = await h.fetch([...topic({ lockDuration: 1 }), ...topic({ lockDuration: 50 })]);
    expect(first?.lockExpirationTime).toBe(h.clock.now + 50);
  });
});

describe('the filters of a topic', () => {
  let processDefinitionId: string;

  beforeEach(async () => {
    const xml = bpmn(
      process(
        'p',
        [start(), task('A', '', 'camunda:topic="T"'), path('start', 'A')],
        'camunda:versionTag="v1.2"',
      ),
    );
    processDefinitionId = (await h.deploy(xml)).definitions[0]!.id;
    await h.start('p', { n: 1, s: 'x' }, 'key');
    const other = await h.deploy(
      bpmn(process('q', [start(), task('B', '', 'camunda:topic="T"'), path('start', 'B')])),
      {
        tenantId: 't',
      },
    );
    await h.start(other.definitions[0]!.id, { n: 2 }, 'other');
  });

  const cases: readonly [string, () => Partial<TopicSubscription>, readonly string[]][] = [
    ['businessKey', () => ({ businessKey: 'key' }), ['p']],
    ['processDefinitionId', () => ({ processDefinitionId }), ['p']],
    ['processDefinitionIdIn', () => ({ processDefinitionIdIn: [processDefinitionId] }), ['p']],
    ['processDefinitionKey', () => ({ processDefinitionKey: 'q' }), ['q']],
    ['processDefinitionKeyIn', () => ({ processDefinitionKeyIn: ['p', 'q'] }), ['p', 'q']],
    ['processDefinitionVersionTag', () => ({ processDefinitionVersionTag: 'v1%' }), ['p']],
    ['withoutTenantId', () => ({ withoutTenantId: true }), ['p']],
    ['withoutTenantId off', () => ({ withoutTenantId: false }), ['p', 'q']],
    ['tenantIdIn', () => ({ tenantIdIn: ['t'] }), ['q']],
    ['a process variable', () => ({ processVariables: new Map([['n', 2]]) }), ['q']],
    [
      'any of several process variables',
      () => ({
        processVariables: new Map<string, unknown>([
          ['s', 'x'],
          ['n', 2],
        ]),
      }),
      ['p', 'q'],
    ],
    ['no process variables', () => ({ processVariables: new Map() }), ['p', 'q']],
    ['a process variable that no task has', () => ({ processVariables: new Map([['z', 2]]) }), []],
  ];

  it.each(cases)('%s', async (_name, filter, keys) => {
    const tasks = await h.fetch(topic(filter()));
    expect(tasks.map(({ processDefinitionKey }) => processDefinitionKey)).toEqual(keys);
  });

  it('skip a task that matches no subscription', async () => {
    for (let n = 0; n < 2_500; n += 1) {
      await h.start('p', {}, 'many');
      const [taken] = await h.fetch(topic({ businessKey: 'many' }));
      await h.complete(taken!.id);
    }
    expect((await h.fetch(topic())).map(({ businessKey }) => businessKey)).toEqual(['key', 'other']);
  });
});

describe('a fetched task', () => {
  beforeEach(async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task(
            'A',
            `<camunda:properties><camunda:property name="team" value="x"/></camunda:properties>${io({ own: 'o', both: 'inner' })}`,
            'camunda:topic="T"',
          ),
          path('start', 'A'),
        ]),
      ),
    );
    await h.start('p', { n: 1, both: 'outer' });
  });

  it.each([
    [{}, { own: 'o', both: 'inner', n: 1 }],
    [{ variables: [] }, {}],
    [{ variables: ['n', 'both', 'none'] }, { n: 1, both: 'inner' }],
    [{ localVariables: true }, { own: 'o', both: 'inner' }],
    [{ localVariables: true, variables: ['n', 'own'] }, { own: 'o' }],
  ])('has the variables of %j', async (more, expected) => {
    expect(plain((await h.fetch(topic(more)))[0]!.variables)).toEqual(expected);
  });

  it('has the extension properties if requested', async () => {
    const [first] = await h.fetch(topic());
    expect(first?.extensionProperties).toEqual({});
    h.clock.now += 1_000;
    const [again] = await h.fetch(topic({ includeExtensionProperties: true }));
    expect(again?.extensionProperties).toEqual({ team: 'x' });
  });
});

describe('a fetch', () => {
  it.each([
    [{ workerId: null }, topic(), 'NullValue', 'workerId is null'],
    [{ workerId: '' }, topic(), 'NullValue', 'workerId is null'],
    [{}, topic({ lockDuration: 0 }), 'ProcessEngine', 'lockTime is not greater than 0'],
    [
      { asyncResponseTimeout: 1_800_001 },
      topic(),
      'BadUserRequest',
      'The asynchronous response timeout cannot be set to a value greater than 1800000 milliseconds',
    ],
  ])('with %j is refused', async (more, topics, kind, message) => {
    const poll = h.poll(topics, more);
    poll.cancel();
    await expect(poll.tasks).rejects.toMatchObject({ kind, message });
  });

  it('does not return tasks of a deleted instance', async () => {
    await h.deploy(bpmn(sequence('p', 'T')));
    const { id } = await h.start('p');
    await h.engine.runtime.deleteProcessInstance(id, deletion());
    expect(await h.fetch('T')).toEqual([]);
  });
});
