import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import {
  boundary,
  callActivity,
  cardinality,
  completion,
  end,
  evaluate,
  io,
  multiInstance,
  path,
  start,
  task,
  taskWith,
  user,
} from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';
import { vars } from './support/scenario.js';

const engine = useEngine();
const list = (...items: unknown[]) => ({
  type: 'Object',
  value: JSON.stringify(items),
  valueInfo: { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' },
});
const around = (activity: string, ...more: readonly string[]) => [
  start(),
  activity,
  task('Z'),
  end(),
  path('start', 'A', 'Z', 'end'),
  ...more,
];
const repeated = (attributes: string, inner = '', extensions = '') =>
  around(taskWith('A', multiInstance(attributes, inner), extensions));
const SEQUENTIAL = 'isSequential="true"';
const EACH = 'camunda:collection="items" camunda:elementVariable="item"';

describe('multi-instance activity', () => {
  it('runs all at once when it is parallel', async () => {
    const process = await engine.process(repeated('', cardinality('3')));
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['A', 'A', 'A']);
    const jobs = await process.fetch('A');
    expect(jobs.map((job) => job.variables.loopCounter?.value).sort()).toEqual([0, 1, 2]);
    for (const job of jobs) {
      expect(await process.waitsIn(instance)).not.toEqual(['Z']);
      await process.report(job, 'complete');
    }
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('runs one after the other when it is sequential', async () => {
    const process = await engine.process(repeated(SEQUENTIAL, cardinality('3')));
    const instance = await process.start();
    for (const turn of [0, 1, 2]) {
      const job = await process.fetchOne('A');
      expect(job.variables).toMatchObject({
        loopCounter: { type: 'Integer', value: turn },
        nrOfInstances: { type: 'Integer', value: 3 },
        nrOfCompletedInstances: { type: 'Integer', value: turn },
        nrOfActiveInstances: { type: 'Integer', value: 1 },
      });
      await process.report(job, 'complete');
    }
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('counts when it is parallel', async () => {
    const process = await engine.process(repeated('', cardinality('3')));
    await process.start();
    const [first] = await process.fetch('A', {}, { maxTasks: 1 });
    expect(first?.variables).toMatchObject({
      nrOfInstances: { type: 'Integer', value: 3 },
      nrOfCompletedInstances: { type: 'Integer', value: 0 },
      nrOfActiveInstances: { type: 'Integer', value: 3 },
    });
    await process.report(first!, 'complete');
    const [second] = await process.fetch('A', {}, { maxTasks: 1 });
    expect(second?.variables).toMatchObject({
      nrOfInstances: { value: 3 },
      nrOfCompletedInstances: { value: 1 },
      nrOfActiveInstances: { value: 2 },
    });
  });

  it.each(['isSequential="false"', SEQUENTIAL])('gives each its item, with %s', async (kind) => {
    const process = await engine.process(repeated(`${kind} ${EACH}`));
    const instance = await process.start({ items: list('a', 'b') });
    const seen: unknown[] = [];
    while ((await process.waitsIn(instance))?.[0] === 'A') {
      for (const job of await process.fetch('A')) {
        seen.push(job.variables.item);
        await process.report(job, 'complete');
      }
    }
    expect(seen).toEqual(['a', 'b'].map((value) => ({ type: 'String', value, valueInfo: {} })));
  });

  it('takes a collection from an expression', async () => {
    const process = await engine.process(
      repeated('camunda:collection="${items.elements()}" camunda:elementVariable="item"'),
    );
    await process.start({ items: { type: 'Json', value: '["a",{"b":1}]' } });
    const items = (await process.fetch('A')).map((job) => job.variables.item);
    expect(items).toEqual([
      { type: 'Json', value: '"a"', valueInfo: {} },
      { type: 'Json', value: '{"b":1}', valueInfo: {} },
    ]);
  });

  it.each(['isSequential="false"', SEQUENTIAL])(
    'passes through an empty collection, with %s',
    async (kind) => {
      const process = await engine.process(repeated(`${kind} ${EACH}`));
      const instance = await process.start({ items: list() });
      expect(await process.waitsIn(instance)).toEqual(['Z']);
      expect(await process.trail(instance)).toEqual(['A#multiInstanceBody', 'start']);
    },
  );

  it.each<[unknown, number]>([
    [0, 0],
    [2, 2],
    ['2', 2],
    [2.5, 2],
  ])('takes the cardinality from an expression: %p', async (n, count) => {
    const process = await engine.process(repeated('', cardinality('${n}')));
    await process.start({ n });
    expect(await process.fetch('A')).toHaveLength(count);
  });

  it.each<[unknown, string]>([
    [-1, "ENGINE-02023 Invalid number of 'instances': must be positive integer value or zero, but was '-1'."],
    [
      null,
      "ENGINE-02027 Could not resolve expression of type 'loopCardinality'. Expression '${n}' needs to be a number or number String.",
    ],
  ])('refuses the cardinality %p', async (n, sentence) => {
    const process = await engine.process(repeated('', cardinality('${n}')));
    expect(await process.launch({ variables: { n: { value: n } } })).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: ${sentence}`,
        0,
      ),
    );
  });

  it.each<[string, unknown, string]>([
    [
      'items',
      { type: 'Json', value: '[1]' },
      "ENGINE-02025 Variable 'items' is not of the expected type 'Collection'.",
    ],
    ['items', { value: 'text' }, "ENGINE-02025 Variable 'items' is not of the expected type 'Collection'."],
    ['items', undefined, "ENGINE-02025 Variable 'items' is not of the expected type 'Collection'."],
    [
      '${items}',
      { value: 'text' },
      "ENGINE-02024 Expression '${items}' didn't resolve to type 'Collection'.",
    ],
    ['${items}', { value: null }, "ENGINE-02024 Expression '${items}' didn't resolve to type 'Collection'."],
    [
      '${items}',
      undefined,
      "Unknown property used in expression: ${items}. Cause: Cannot resolve identifier 'items'",
    ],
  ])('refuses the collection %s of %p', async (collection, items, sentence) => {
    const process = await engine.process(
      repeated(`camunda:collection="${collection}" camunda:elementVariable="item"`),
    );
    expect(await process.launch({ variables: items === undefined ? {} : { items } })).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: ${sentence}`,
        0,
      ),
    );
  });

  it('ends when its condition holds, and cancels those that still run', async () => {
    const process = await engine.process(repeated('', cardinality('3') + completion('${stop}')));
    const instance = await process.start({ stop: false });
    const [one, two, three] = await process.fetch('A');
    await process.report(one!, 'complete');
    expect(await process.waitsIn(instance)).toEqual(['A', 'A']);
    await process.report(two!, 'complete', { variables: vars({ stop: true }) });
    expect(await process.waitsIn(instance)).toEqual(['Z']);
    expect(await process.trail(instance)).toEqual(['!A', 'A', 'A', 'A#multiInstanceBody', 'start']);
    expect(await process.report(three!, 'complete')).toMatchObject({ status: 404 });
  });

  it('judges its condition after each turn', async () => {
    const process = await engine.process(
      repeated(SEQUENTIAL, cardinality('5') + completion('${nrOfCompletedInstances == 2}')),
    );
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['A']);
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('has a body of its own in the tree', async () => {
    const process = await engine.process(repeated('', cardinality('2')));
    const instance = await process.start();
    const { childActivityInstances } = await engine.read(`/process-instance/${instance}/activity-instances`);
    expect(childActivityInstances).toMatchObject([
      {
        id: expect.stringMatching(/^A#multiInstanceBody:/),
        activityId: 'A#multiInstanceBody',
        activityType: 'multiInstanceBody',
        parentActivityInstanceId: instance,
        childActivityInstances: [
          { activityId: 'A', activityType: 'serviceTask', id: expect.stringMatching(/^A:/) },
          { activityId: 'A', activityType: 'serviceTask' },
        ],
      },
    ]);
  });

  it('has a body of its own in history', async () => {
    const process = await engine.process(repeated(SEQUENTIAL, cardinality('2')));
    const instance = await process.start();
    await process.complete('A');
    await process.complete('A');
    const rows = await engine.list(`/history/activity-instance?processInstanceId=${instance}`);
    const body = rows.find((row) => row.activityType === 'multiInstanceBody');
    expect(body).toMatchObject({
      activityId: 'A#multiInstanceBody',
      parentActivityInstanceId: instance,
      canceled: false,
    });
    const inner = rows.filter((row) => row.activityId === 'A');
    expect(inner.map((row) => row.parentActivityInstanceId)).toEqual([body?.id, body?.id]);
  });

  it('keeps its counters out of the instance', async () => {
    const process = await engine.process(repeated('', cardinality('2')));
    const instance = await process.start();
    expect(await engine.read(`/process-instance/${instance}/variables`)).toEqual({});
    const rows = await engine.list(`/variable-instance?processInstanceIdIn=${instance}`);
    expect(rows.map(({ name }) => name).sort()).toEqual([
      'loopCounter',
      'loopCounter',
      'nrOfActiveInstances',
      'nrOfCompletedInstances',
      'nrOfInstances',
    ]);
    for (const row of rows) expect(row.activityInstanceId).toMatch(/^A#multiInstanceBody:/);
  });

  it('maps inputs for each', async () => {
    const process = await engine.process(repeated(EACH, '', io({ upper: '${item}-${loopCounter}' })));
    await process.start({ items: list('a', 'b') });
    const values = (await process.fetch('A')).map((job) => job.variables.upper?.value);
    expect(values.sort()).toEqual(['a-0', 'b-1']);
  });

  it('is cancelled as a whole by an error of one', async () => {
    const process = await engine.process([
      ...repeated('', cardinality('2')),
      boundary('b', 'A', null),
      task('X'),
      path('b', 'X', 'end'),
    ]);
    const instance = await process.start();
    const [one] = await process.fetch('A');
    await process.report(one!, 'bpmnError', { errorCode: 'E' });
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await process.trail(instance)).toEqual(['!A', '!A', '!A#multiInstanceBody', 'b', 'start']);
  });

  it('runs sub-processes', async () => {
    const process = await engine.process(
      around(
        `<subProcess id="A">${multiInstance('', cardinality('2'))}${start('s')}${task('I')}${end('e')}${path('s', 'I', 'e')}</subProcess>`,
      ),
    );
    const instance = await process.start();
    const jobs = await process.fetch('I');
    expect(jobs.map((job) => job.variables.loopCounter?.value).sort()).toEqual([0, 1]);
    await process.report(jobs[0]!, 'complete');
    expect(await process.waitsIn(instance)).toEqual(['I']);
    await process.report(jobs[1]!, 'complete');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('runs called processes', async () => {
    const child = await engine.process([start(), task('I'), end(), path('start', 'I', 'end')]);
    const process = await engine.process(
      around(
        callActivity('A', child.key, '<camunda:in source="loopCounter" target="i"/>').replace(
          '</callActivity>',
          `${multiInstance('', cardinality('2'))}</callActivity>`,
        ),
      ),
    );
    const instance = await process.start();
    const jobs = await child.fetch('I');
    expect(jobs.map((job) => job.variables.i?.value).sort()).toEqual([0, 1]);
    for (const job of jobs) await child.report(job, 'complete');
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('runs user tasks', async () => {
    const process = await engine.process(
      around(user('A', 'camunda:assignee="${item}"', multiInstance(EACH))),
    );
    const instance = await process.start({ items: list('kim', 'lee') });
    const tasks = await engine.list(`/task?processInstanceId=${instance}`);
    expect(tasks.map(({ assignee }) => assignee).sort()).toEqual(['kim', 'lee']);
    for (const { id } of tasks) await engine.post(`/task/${String(id)}/complete`);
    expect(await process.waitsIn(instance)).toEqual(['Z']);
  });

  it('runs tasks that do not wait', async () => {
    const process = await engine.process([
      start(),
      evaluate('A', '${sum + loopCounter}', 'sum').replace(
        '></serviceTask>',
        `>${multiInstance(SEQUENTIAL, cardinality('4'))}</serviceTask>`,
      ),
      task('Z'),
      end(),
      path('start', 'A', 'Z', 'end'),
    ]);
    const instance = await process.start({ sum: 0 });
    expect(await process.variable(instance, 'sum')).toMatchObject({ value: 6 });
  });
});
