import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { snapshot, started, StoreFolder } from './persist/sqlite/testing/store.fixture.js';
import { EngineHarness, transient } from './testing/engine.harness.js';
import {
  and,
  bpmn,
  boundary,
  end,
  error,
  flow,
  io,
  path,
  process,
  sequence,
  start,
  subProcess,
  task,
} from './testing/process.builder.js';

let files: StoreFolder;
let engines: EngineHarness[];
/** Name of the file that the running engine has. */
let file: string;

beforeEach(() => {
  files = new StoreFolder();
  engines = [];
  file = 'engine.sqlite';
});

afterEach(async () => {
  for (const { engine } of engines) await engine.close();
  await files.remove();
});

async function open(): Promise<EngineHarness> {
  const harness = await EngineHarness.open(
    { store: files.open(file) },
    engines.at(-1)?.clock ?? { now: 1_000_000 },
  );
  engines.push(harness);
  return harness;
}

/** The engine dies, and another opens what it has left. */
async function crash(): Promise<EngineHarness> {
  file = files.crash(file);
  return open();
}

describe('an engine after a crash', () => {
  it('continues a waiting instance with its variables, except transient ones', async () => {
    let h = await open();
    await h.deploy(bpmn(sequence('p', 'A', 'B')));
    const { id } = await h.start(
      'p',
      { amount: 12.5, secret: transient('s'), ['__proto__']: 'own' },
      'key-1',
    );
    await h.work('A', { done: true });
    h = await crash();
    expect(h.waiting()).toEqual(['B']);
    expect(h.engine.runtime.findProcessInstance(id)).toMatchObject({ businessKey: 'key-1', ended: false });
    expect([...(h.engine.runtime.findVariables(id) ?? []).keys()].sort()).toEqual([
      '__proto__',
      'amount',
      'done',
    ]);
    await h.work('B');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'pEnd']);
    expect(h.trail(id)).toEqual(['pStart', 'A', 'B', 'pEnd']);
    h = await crash();
    expect(h.outcome(id)).toEqual(['COMPLETED', 'pEnd']);
    expect(h.historicVariables(id)).toMatchObject({ amount: 12.5, done: true });
  });

  it('keeps locks, retries and errors of its tasks, and returns them in the order of their creation', async () => {
    let h = await open();
    await h.deploy(bpmn(sequence('p', 'A')));
    for (const key of ['1', '2', '3']) await h.start('p', {}, key);
    const [first, second] = await h.fetch('A', { maxTasks: 2 });
    await h.fail(first!.id, 2, 5_000);
    h = await crash();
    expect(h.engine.externalTasks.findOne(first!.id)).toMatchObject({ retries: 2, errorMessage: 'boom' });
    const fetched = await h.fetch('A');
    expect(fetched.map(({ businessKey }) => businessKey)).toEqual(['3']);
    await h.complete(second!.id);
    h.clock.now += 5_001;
    h = await crash();
    expect((await h.fetch('A')).map(({ businessKey }) => businessKey)).toEqual(['1', '3']);
  });

  it('keeps an incident, and its end', async () => {
    let h = await open();
    await h.deploy(bpmn(sequence('p', 'A')));
    const { id } = await h.start('p');
    const { id: taskId } = await h.take('A');
    await h.fail(taskId, 0);
    h = await crash();
    expect(h.engine.runtime.incidents.find({ processInstanceId: id })).toHaveLength(1);
    expect(h.engine.history.instances.count({ withIncidents: true })).toBe(1);
    await h.engine.externalTasks.setRetries(taskId, 1);
    h = await crash();
    expect(h.engine.runtime.incidents.count({})).toBe(0);
    h.clock.now += 10_000;
    await h.work('A');
    expect(h.outcome(id)[0]).toBe('COMPLETED');
    expect(h.engine.history.instances.count({ withIncidents: true })).toBe(1);
  });

  it('keeps the tokens that wait at a join', async () => {
    let h = await open();
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          and('fork'),
          task('A'),
          task('B'),
          task('C'),
          and('join'),
          task('after'),
          end(),
          path('start', 'fork'),
          ...['A', 'B', 'C'].flatMap((id) => [flow('fork', id), flow(id, 'join')]),
          path('join', 'after', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    for (const each of ['B', 'A']) {
      await h.work(each);
      h = await crash();
    }
    expect(h.waiting()).toEqual(['C']);
    await h.work('C');
    h = await crash();
    expect(h.waiting()).toEqual(['after']);
    await h.work('after');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });

  it('keeps the scopes of sub-processes with their variables and boundary events', async () => {
    let h = await open();
    const inner = [
      start('innerStart'),
      task('A', io({ local: '42' })),
      end('innerEnd'),
      path('innerStart', 'A', 'innerEnd'),
    ];
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess('sub', inner, io({ scoped: 'yes' })),
          boundary('caught', 'sub', 'E1'),
          task('repair'),
          end(),
          end('ok'),
          path('start', 'sub', 'ok'),
          path('caught', 'repair', 'end'),
        ]),
        error('E1'),
      ),
    );
    const { id } = await h.start('p');
    h = await crash();
    const taken = await h.take('A');
    expect(taken.variables.get('scoped')?.value).toBe('yes');
    expect(taken.variables.get('local')?.value).toBe('42');
    await h.bpmnError(taken.id, 'E1');
    h = await crash();
    await h.work('repair');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });

  it('keeps deployments, their versions, and the deletion of one with its history', async () => {
    let h = await open();
    const first = await h.deploy(bpmn(sequence('p', 'A')), { name: 'one' });
    await h.start('p');
    await h.work('A');
    await h.deploy(bpmn(sequence('p', 'A', 'B')), { name: 'two' });
    h = await crash();
    expect(h.engine.repository.findLatestDefinition('p')?.version).toBe(2);
    await h.engine.repository.deleteDeployment(first.deployment.id, { cascade: true });
    h = await crash();
    expect(h.engine.repository.definitions.count({})).toBe(1);
    expect(h.engine.history.instances.count({})).toBe(0);
    await h.deploy(bpmn(sequence('p', 'C')), { name: 'three' });
    expect(h.engine.repository.findLatestDefinition('p')?.version).toBe(3);
  });

  it('has no changes of a failed command', async () => {
    let h = await open();
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A'),
          task('B'),
          end(),
          path('start', 'A'),
          flow('A', 'B', '${missing}'),
          path('B', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    const { id: taskId } = await h.take('A');
    await expect(h.complete(taskId, { changed: true })).rejects.toThrow();
    h = await crash();
    expect(h.waiting()).toEqual(['A']);
    expect(h.engine.runtime.findVariables(id)?.size).toBe(0);
  });
});

it('rejects an instance that a newer engine has written', async () => {
  const store = files.open();
  await store.commit(
    started('a', {}, (set) =>
      set.instances.set('a', { snapshot: () => ({ ...snapshot('a'), format: 99 as never }) }),
    ),
  );
  await expect(EngineHarness.open({ store: files.open(files.crash()) })).rejects.toThrow(
    /The instance a was written in format 99; this engine reads \d+\./,
  );
});
