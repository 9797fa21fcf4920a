import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../testing/engine.harness.js';
import {
  boundaryOn,
  bpmn,
  callActivity,
  element,
  end,
  loop,
  onDuration,
  onError,
  path,
  process,
  sequence,
  start,
  task,
} from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open({ stepLimit: 1_000 });
});

const looping = (parts: Parameters<typeof loop>[0], ...more: string[]): string =>
  bpmn(
    process('p', [
      start(),
      `<serviceTask id="A" camunda:type="external" camunda:topic="A">${loop(parts)}</serviceTask>`,
      task('B'),
      end(),
      path('start', 'A', 'B', 'end'),
      ...more,
    ]),
  );

const json = (text: string) => ({ type: 'Json' as const, value: text, valueInfo: {} });
const counters = async (topic = 'A') =>
  (await h.fetch(topic)).map(({ variables }) =>
    Object.fromEntries([...variables].map(([name, { value }]) => [name, value])),
  );

describe('parallel multi-instance', () => {
  it('runs all instances at once, each with its counter, and continues after the last', async () => {
    await h.deploy(looping({ cardinality: '3' }));
    const { id } = await h.start('p');
    const all = await h.fetch('A');
    expect(all.map(({ variables }) => variables.get('loopCounter')?.value)).toEqual([0, 1, 2]);
    expect(all[0]?.variables.get('nrOfInstances')?.value).toBe(3);
    for (const [at, { id: taskId }] of all.entries()) {
      expect(h.waiting()).toHaveLength(3 - at);
      await h.complete(taskId);
    }
    expect(h.waiting()).toEqual(['B']);
    expect(h.trail(id)).toEqual(['start', 'A#multiInstanceBody', 'A', 'A', 'A', 'B runs']);
  });

  it('passes one element of a collection to each instance', async () => {
    await h.deploy(looping({ collection: '${items.elements()}', elementVariable: 'item' }));
    await h.start('p', { items: json('[{"n":1},"two"]') });
    expect(await counters()).toMatchObject([
      { item: '{"n":1}', loopCounter: 0 },
      { item: '"two"', loopCounter: 1 },
    ]);
  });

  it('completes at once with zero instances', async () => {
    await h.deploy(looping({ cardinality: '${n}' }));
    await h.start('p', { n: 0 });
    expect(h.waiting()).toEqual(['B']);
  });

  it('ends early by its condition and cancels the rest', async () => {
    await h.deploy(looping({ cardinality: '3', completionCondition: '${nrOfCompletedInstances >= 2}' }));
    const { id } = await h.start('p');
    const [one, two] = await h.fetch('A');
    await h.complete(one?.id ?? '');
    await h.complete(two?.id ?? '');
    expect(h.waiting()).toEqual(['B']);
    expect(h.trail(id)).toEqual(['start', 'A#multiInstanceBody', 'A', 'A', 'A canceled', 'B runs']);
  });

  it('is interrupted as a whole by a boundary event', async () => {
    await h.deploy(
      looping(
        { cardinality: '3' },
        boundaryOn('T', 'A', onDuration('PT1M')),
        task('C'),
        path('T', 'C', 'end'),
      ),
    );
    await h.start('p');
    expect(h.engine.jobs.count({})).toBe(1);
    await h.engine.jobs.execute(h.engine.jobs.find({})[0]?.id ?? '');
    expect(h.waiting()).toEqual(['C']);
  });

  it('ends all instances on an error of one', async () => {
    await h.deploy(
      looping({ cardinality: '2' }, boundaryOn('T', 'A', onError(null)), task('C'), path('T', 'C', 'end')),
    );
    await h.start('p');
    const [one] = await h.fetch('A');
    await h.bpmnError(one?.id ?? '', 'any');
    expect(h.waiting()).toEqual(['C']);
  });

  it('rejects an invalid cardinality or collection', async () => {
    await h.deploy(looping({ cardinality: '${n}' }));
    await expect(h.start('p', { n: 'many' })).rejects.toThrow(/needs to be a number or number String/);
    await expect(h.start('p', { n: -1 })).rejects.toThrow(/must be positive integer value or zero/);
    await h.deploy(looping({ collection: 'items' }));
    await expect(h.start('p')).rejects.toThrow(/'items' is not of the expected type/);
    await expect(h.start('p', { items: 'x' })).rejects.toThrow(/'items' is not of the expected type/);
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });

  it('runs sub-processes and call activities', async () => {
    await h.deploy(bpmn(sequence('q', 'Q')));
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          element(
            'subProcess',
            'S',
            '',
            loop({ cardinality: '2' }) + start('s') + task('A') + end('e') + path('s', 'A', 'e'),
          ),
          callActivity('Call', 'q').replace(
            '></callActivity>',
            `>${loop({ cardinality: '2' })}</callActivity>`,
          ),
          end(),
          path('start', 'S', 'Call', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    for (const { id: taskId } of await h.fetch('A')) await h.complete(taskId);
    expect(h.waiting()).toEqual(['Q', 'Q']);
    for (const { id: taskId } of await h.fetch('Q')) await h.complete(taskId);
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });
});

describe('sequential multi-instance', () => {
  it('runs one after the other', async () => {
    await h.deploy(looping({ collection: '${items.elements()}', elementVariable: 'item', sequential: true }));
    const { id } = await h.start('p', { items: json('["a","b"]') });
    expect(await counters()).toMatchObject([{ item: '"a"', loopCounter: 0, nrOfActiveInstances: 1 }]);
    await h.complete(h.engine.externalTasks.find({})[0]?.id ?? '');
    expect(await counters()).toMatchObject([{ item: '"b"', loopCounter: 1, nrOfCompletedInstances: 1 }]);
    await h.complete(h.engine.externalTasks.find({})[0]?.id ?? '');
    expect(h.waiting()).toEqual(['B']);
    expect(h.trail(id)).toEqual(['start', 'A#multiInstanceBody', 'A', 'A', 'B runs']);
  });

  it('stops by its condition', async () => {
    await h.deploy(looping({ cardinality: '9', completionCondition: '${stop}', sequential: true }));
    await h.start('p', { stop: false });
    await h.work('A');
    await h.work('A', { stop: true });
    expect(h.waiting()).toEqual(['B']);
  });

  it('rolls back if the condition is not Boolean', async () => {
    await h.deploy(looping({ cardinality: '2', completionCondition: '${stop}', sequential: true }));
    await h.start('p', { stop: 'no' });
    await expect(h.work('A')).rejects.toThrow(/does not evaluate to a boolean/);
    expect(h.waiting()).toEqual(['A']);
  });
});
