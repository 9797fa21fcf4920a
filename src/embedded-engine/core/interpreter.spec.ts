import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness, plain, transient, typedValue, deletion } from '../testing/engine.harness.js';
import {
  and,
  boundary,
  bpmn,
  end,
  error,
  errorEnd,
  flow,
  io,
  or,
  pass,
  path,
  process,
  sequence,
  start,
  subProcess,
  task,
  terminate,
  xor,
} from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open({ stepLimit: 1_000 });
});

describe('sequence', () => {
  it('moves from task to task and ends as completed', async () => {
    await h.deploy(bpmn(sequence('p', 'A', 'B')));
    const { id, ended } = await h.start('p', { n: 1 });
    expect(ended).toBe(false);
    await h.work('A', { n: 2 });
    expect(h.waiting()).toEqual(['B']);
    await h.work('B');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'pEnd']);
    expect(h.trail(id)).toEqual(['pStart', 'A', 'B', 'pEnd']);
    expect(h.historicVariables(id)).toEqual({ n: 2 });
    expect(h.engine.runtime.findProcessInstance(id)).toBeNull();
  });

  it('returns the end and the variables of a process without a wait state', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          `<task id="T"><extensionElements>${io({}, { done: '${1 + 1}' })}</extensionElements></task>`,
          end(),
          path('start', 'T', 'end'),
        ]),
      ),
    );
    const result = await h.start('p', { a: 'x' });
    expect(result.ended).toBe(true);
    expect(plain(result.variables)).toEqual({ a: 'x', done: 2 });
  });

  it('forks over several flows out of a task', async () => {
    await h.deploy(
      bpmn(process('p', [start(), task('A'), task('B'), flow('start', 'A'), flow('start', 'B')])),
    );
    const { id } = await h.start('p');
    expect(h.waiting()).toEqual(['A', 'B']);
    await h.work('A');
    expect(h.outcome(id)[0]).toBe('ACTIVE');
    await h.work('B');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'B']);
  });

  it('runs the processes of one file apart', async () => {
    await h.deploy(bpmn(sequence('p', 'A'), sequence('q', 'A2')));
    await h.start('p');
    await h.start('q');
    expect(h.waiting()).toEqual(['A', 'A2']);
  });
});

describe('parallel gateway', () => {
  it('waits at the join for every flow', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          and('fork'),
          task('A'),
          task('B'),
          and('join'),
          task('C'),
          end(),
          path('start', 'fork', 'A', 'join', 'C', 'end'),
          path('fork', 'B', 'join'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await h.work('B');
    expect(h.waiting()).toEqual(['A']);
    await h.work('A');
    expect(h.waiting()).toEqual(['C']);
    await h.work('C');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
    expect(h.trail(id).filter((entry) => entry === 'join')).toHaveLength(2);
  });

  it('joins behind nested gateways', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          and('f1'),
          and('f2'),
          task('A'),
          task('B'),
          task('C'),
          and('j2'),
          and('j1'),
          end(),
          path('start', 'f1', 'f2', 'A', 'j2', 'j1', 'end'),
          path('f2', 'B', 'j2'),
          path('f1', 'C', 'j1'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await h.work('A');
    await h.work('C');
    expect(h.outcome(id)[0]).toBe('ACTIVE');
    await h.work('B');
    expect(h.outcome(id)[0]).toBe('COMPLETED');
  });

  it('forks and joins again in every round of a loop', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          xor('again'),
          and('fork'),
          task('A'),
          task('B'),
          and('join'),
          xor('check', 'default="check__end"'),
          end(),
          path('start', 'again', 'fork', 'A', 'join', 'check', 'end'),
          path('fork', 'B', 'join'),
          flow('check', 'again', '${more}'),
        ]),
      ),
    );
    const { id } = await h.start('p', { more: true });
    for (const more of [true, true, false]) {
      await h.work('A', { more });
      await h.work('B');
    }
    expect(h.outcome(id)[0]).toBe('COMPLETED');
    expect(h.trail(id).filter((entry) => entry === 'A')).toHaveLength(3);
  });

  it('joins without a wait state between', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          and('fork'),
          pass('A'),
          pass('B'),
          and('join'),
          end(),
          path('start', 'fork', 'A', 'join', 'end'),
          path('fork', 'B', 'join'),
        ]),
      ),
    );
    expect((await h.start('p')).ended).toBe(true);
  });
});

describe('ends', () => {
  const forked = (ending: string, from = 'start') => [
    start(from),
    and('fork'),
    task('A'),
    task('B'),
    ending,
    path(from, 'fork', 'A', 'stop'),
    path('fork', 'B'),
  ];

  it('terminates the whole process', async () => {
    await h.deploy(bpmn(process('p', forked(terminate('stop')))));
    const { id } = await h.start('p');
    await h.work('A');
    expect(h.waiting()).toEqual([]);
    expect(h.outcome(id)).toEqual(['COMPLETED', 'stop']);
    expect(h.trail(id)).toContain('B canceled');
  });

  it('terminates a sub-process only and continues after it', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess('sub', forked(terminate('stop'), 's2')),
          task('C'),
          path('start', 'sub', 'C'),
        ]),
      ),
    );
    await h.start('p');
    await h.work('A');
    expect(h.waiting()).toEqual(['C']);
  });

  it('ends only its own token at a none end', async () => {
    await h.deploy(bpmn(process('p', forked(end('stop')))));
    const { id } = await h.start('p');
    await h.work('A');
    expect(h.outcome(id)[0]).toBe('ACTIVE');
    expect(h.waiting()).toEqual(['B']);
  });

  it('ends like a none end if nothing catches an error end', async () => {
    await h.deploy(bpmn(error('E'), process('p', forked(errorEnd('stop', 'E')))));
    const { id } = await h.start('p');
    await h.work('A');
    expect(h.waiting()).toEqual(['B']);
    await h.work('B');
    expect(h.outcome(id)[0]).toBe('COMPLETED');
  });
});

describe('sub-process', () => {
  it('completes when its last token has ended', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess('sub', [start('s2'), task('A'), task('B'), flow('s2', 'A'), flow('s2', 'B')]),
          task('C'),
          end(),
          path('start', 'sub', 'C', 'end'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await h.work('A');
    expect(h.waiting()).toEqual(['B']);
    const tree = h.engine.runtime.findActivityInstanceTree(id);
    expect(tree).toMatchObject({
      id,
      activityType: 'processDefinition',
      parentActivityInstanceId: null,
      childActivityInstances: [
        { activityId: 'sub', parentActivityInstanceId: id, childActivityInstances: [{ activityId: 'B' }] },
      ],
    });
    await h.work('B');
    expect(h.waiting()).toEqual(['C']);
    await h.work('C');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
  });

  it('keeps the variables of its input mapping local', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          subProcess(
            'sub',
            [start('s2'), task('A'), end('e2'), path('s2', 'A', 'e2')],
            io({ inner: '${outer}' }, { result: '${inner}' }),
          ),
          task('B'),
          path('start', 'sub', 'B'),
        ]),
      ),
    );
    await h.start('p', { outer: 1 });
    expect(plain((await h.fetch('A'))[0]!.variables)).toEqual({ inner: 1, outer: 1 });
    h.clock.now += 5_000;
    await h.work('A', { inner: 2 });
    expect(plain((await h.take('B')).variables)).toEqual({ outer: 1, result: 2 });
  });
});

describe('BPMN errors', () => {
  const guarded = (...events: string[]) =>
    bpmn(
      error('e1', 'E1'),
      error('e2', 'E2'),
      process('p', [start(), task('A'), end(), path('start', 'A', 'end'), ...events, task('H1'), task('H2')]),
    );

  it.each([
    ['E1', 'H1'],
    ['E2', 'H2'],
  ])('takes the boundary event of the code %s to %s', async (code, handler) => {
    await h.deploy(
      guarded(boundary('b1', 'A', 'e1'), boundary('b2', 'A', 'e2'), path('b1', 'H1'), path('b2', 'H2')),
    );
    const { id } = await h.start('p');
    await h.bpmnError((await h.take('A')).id, code);
    expect(h.waiting()).toEqual([handler]);
    expect(h.trail(id)).toContain('A canceled');
  });

  it('takes a boundary event without a code for every error, and sets code and message', async () => {
    const names = 'camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"';
    await h.deploy(guarded(boundary('b1', 'A', null, names), path('b1', 'H1'), path('H1', 'H2')));
    const { id } = await h.start('p');
    await h.bpmnError((await h.take('A')).id, 'ANY', 'no funds', { extra: 1 });
    expect(plain((await h.take('H1')).variables)).toEqual({ code: 'ANY', text: 'no funds', extra: 1 });
    expect(h.historicVariables(id)).toEqual({ code: 'ANY', text: 'no funds', extra: 1 });
  });

  it('ends the token like a none end if nothing catches it', async () => {
    await h.deploy(guarded(boundary('b1', 'A', 'e1'), path('b1', 'H1'), path('H1', 'H2')));
    const { id } = await h.start('p');
    await h.bpmnError((await h.take('A')).id, 'OTHER', null, { seen: true });
    expect(h.outcome(id)).toEqual(['COMPLETED', 'A']);
    expect(h.historicVariables(id)).toEqual({ seen: true });
    expect(h.engine.externalTasks.count({})).toBe(0);
  });

  it('is caught by the nearest scope with a handler for the code', async () => {
    await h.deploy(
      bpmn(
        error('e1', 'E1'),
        error('e2', 'E2'),
        process('p', [
          start(),
          subProcess('outer', [
            start('s1'),
            subProcess('inner', [start('s2'), task('A'), task('B'), flow('s2', 'A'), flow('s2', 'B')]),
            boundary('bi', 'inner', 'e2'),
            path('s1', 'inner'),
            task('HI'),
            path('bi', 'HI'),
          ]),
          boundary('bo', 'outer', null),
          task('HO'),
          path('bo', 'HO'),
          path('start', 'outer'),
        ]),
      ),
    );
    await h.start('p');
    await h.bpmnError((await h.take('A')).id, 'E2');
    expect(h.waiting()).toEqual(['HI']);
    await h.start('p');
    await h.bpmnError((await h.take('A')).id, 'E1');
    expect(h.waiting()).toEqual(['HI', 'HO']);
  });

  it('comes from an error end event with the message of its error', async () => {
    await h.deploy(
      bpmn(
        error('e1', 'E1', 'amount ${amount}'),
        process('p', [
          start(),
          subProcess('sub', [start('s1'), errorEnd('thrown', 'e1'), path('s1', 'thrown')]),
          boundary('b', 'sub', 'e1', 'camunda:errorMessageVariable="text"'),
          task('H'),
          path('start', 'sub'),
          path('b', 'H'),
        ]),
      ),
    );
    await h.start('p', { amount: 7 });
    expect(plain((await h.take('H')).variables)).toEqual({ amount: 7, text: 'amount 7' });
  });

  it('discards the pending tokens of the interrupted scope', async () => {
    await h.deploy(
      bpmn(
        error('e1', 'E1'),
        process('p', [
          start(),
          subProcess('sub', [
            start('s1'),
            errorEnd('thrown', 'e1'),
            task('late'),
            flow('s1', 'thrown'),
            flow('s1', 'late'),
          ]),
          boundary('b', 'sub', 'e1'),
          task('H'),
          path('start', 'sub'),
          path('b', 'H'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    expect(h.waiting()).toEqual(['H']);
    expect(h.trail(id)).not.toContain('late');
  });
});

describe('an endless loop', () => {
  it('fails the command, which changes nothing', async () => {
    await h.deploy(
      bpmn(process('p', [start(), task('A'), xor('x'), pass('P'), path('start', 'A', 'x', 'P', 'x')])),
    );
    const { id } = await h.start('p', { n: 1 });
    const { id: taskId } = await h.take('A');
    const before = [h.trail(id), h.historicVariables(id), h.engine.externalTasks.findOne(taskId)];
    await expect(h.complete(taskId, { n: 2, extra: 1 })).rejects.toThrow(
      'More than 1000 steps without a wait state',
    );
    expect([h.trail(id), h.historicVariables(id), h.engine.externalTasks.findOne(taskId)]).toEqual(before);
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ n: 1 });
  });
});

describe('input and output mappings', () => {
  const mapped = (inputs: Record<string, string>, outputs: Record<string, string> = {}) =>
    h.deploy(
      bpmn(process('p', [start(), task('A', io(inputs, outputs)), task('B'), path('start', 'A', 'B')])),
    );

  it("see the surrounding scope but not each other, and are set in the task's own scope", async () => {
    await mapped({ base: '${base + 1}', two: '${base + 1}' });
    const { id } = await h.start('p', { base: 1 });
    const taken = await h.take('A');
    expect(plain(taken.variables)).toEqual({ base: 2, two: 2 });
    expect(taken.executionId).not.toBe(id);
    expect(plain(h.engine.runtime.findVariables(taken.executionId, { local: true }))).toEqual({
      base: 2,
      two: 2,
    });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ base: 1 });
  });

  it('convert lists and maps to Java collections, constants to texts, and an empty parameter to null', async () => {
    await mapped({
      list: '<camunda:list><camunda:value>a</camunda:value><camunda:value>${base}</camunda:value></camunda:list>',
      map: '<camunda:map><camunda:entry key="k">${base}</camunda:entry><camunda:entry key="__proto__">x</camunda:entry></camunda:map>',
      text: 'constant',
      nothing: '',
    });
    await h.start('p', { base: 1 });
    const { variables } = await h.take('A');
    expect(variables.get('list')).toMatchObject({
      type: 'Object',
      value: '["a",1]',
      valueInfo: { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' },
    });
    expect(variables.get('map')).toMatchObject({ type: 'Object', value: '{"k":1,"__proto__":"x"}' });
    expect(variables.get('text')).toMatchObject({ type: 'String', value: 'constant' });
    expect(variables.get('nothing')).toMatchObject({ type: 'Null', value: null });
  });

  it('pass out only what the output mapping names, local variables included', async () => {
    await mapped({ seed: '1' }, { result: '${answer}', twice: '${result}${result}' });
    const { id } = await h.start('p');
    await h.work('A', {}, { answer: 'yes' });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ result: 'yes', twice: 'yesyes' });
  });

  it('fail the completion when an expression fails, and nothing changes', async () => {
    await mapped({}, { result: '${missing}' });
    const { id } = await h.start('p');
    const { id: taskId } = await h.take('A');
    await expect(h.complete(taskId, { a: 1 })).rejects.toMatchObject({
      kind: 'ProcessEngine',
      message: expect.stringContaining('missing'),
    });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({});
    await h.complete(taskId, { missing: 2 });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ missing: 2, result: 2 });
  });

  it('fail the start if an input cannot be stored', async () => {
    await mapped({ self: '${execution}' });
    await expect(h.start('p')).rejects.toMatchObject({ kind: 'ProcessEngine' });
    expect(h.engine.history.instances.count({})).toBe(0);
  });

  it('run when the instance is deleted, unless skipped; a failing one prevents the deletion', async () => {
    await mapped({}, { result: '${missing}' });
    const { id } = await h.start('p');
    await expect(h.engine.runtime.deleteProcessInstance(id, deletion())).rejects.toThrow(/missing/);
    expect(h.waiting()).toEqual(['A']);
    await h.engine.runtime.deleteProcessInstance(id, { ...deletion('enough'), skipIoMappings: true });
    expect(h.engine.history.findInstance(id)).toMatchObject({
      state: 'EXTERNALLY_TERMINATED',
      deleteReason: 'enough',
    });
    expect(h.trail(id)).toContain('A canceled');
    expect(h.waiting()).toEqual([]);
  });
});

describe('variables', () => {
  it('set by a completion go to the nearest scope that has them, else to the instance', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A', io({ local: '1' }, { out: '${local}' })),
          task('B'),
          path('start', 'A', 'B'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await h.work('A', { local: 'changed', fresh: 1 }, { gone: 1 });
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ out: 'changed', fresh: 1 });
  });

  it('may have any name', async () => {
    await h.deploy(bpmn(sequence('p', 'A', 'B')));
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const { id } = await h.start('p', new Map(names.map((name) => [name, name])));
    const { variables } = await h.take('A');
    expect([...variables.keys()]).toEqual(names);
    expect(variables.get('__proto__')?.value).toBe('__proto__');
    expect(h.engine.history.variables.count({ processInstanceId: id, variableName: '__proto__' })).toBe(1);
    expect(
      h.engine.runtime.processInstances.count({
        variables: [{ name: 'constructor', operator: 'eq', value: 'constructor' }],
      }),
    ).toBe(1);
  });

  it('are one record of history, whatever their values were', async () => {
    await h.deploy(bpmn(sequence('p', 'A', 'B')));
    const { id } = await h.start('p', { n: 1 });
    await h.work('A', { n: 2 });
    await h.engine.runtime.changeVariables(id, new Map(), ['n', 'unknown']);
    expect(h.engine.history.variables.find({ processInstanceId: id })).toEqual([]);
    expect(h.engine.history.variables.find({ processInstanceId: id, includeDeleted: true })).toMatchObject([
      { name: 'n', state: 'DELETED', value: { value: 2 } },
    ]);
  });

  it('that are transient exist until the next wait state and are never stored', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          xor('x', 'default="x__B"'),
          task('A'),
          task('B'),
          flow('start', 'x'),
          flow('x', 'A', '${way == "a"}'),
          flow('x', 'B'),
          flow('A', 'x2', '${secret == "s"}'),
          pass('x2'),
          task('C'),
          flow('x2', 'C'),
        ]),
      ),
    );
    const { id } = await h.start('p', { way: transient('a'), kept: 1 });
    const taken = await h.take('A');
    expect(plain(taken.variables)).toEqual({ kept: 1 });
    await h.complete(taken.id, { secret: transient('s') });
    expect(h.waiting()).toEqual(['C']);
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ kept: 1 });
    expect(h.historicVariables(id)).toEqual({ kept: 1 });
  });

  it('cannot change between transient and stored', async () => {
    await h.deploy(bpmn(sequence('p', 'A')));
    await h.start('p', { kept: 'x' });
    const { id } = await h.take('A');
    await expect(h.complete(id, { kept: transient('y') })).rejects.toThrow(
      'Cannot set transient variable with name kept',
    );
    await h.complete(id, new Map([['twice', transient('a')]]));
  });

  it('that are transient vanish after a failure report too', async () => {
    await h.deploy(bpmn(sequence('p', 'A')));
    const { id } = await h.start('p');
    await h.fail((await h.take('A')).id, 1, 0, { secret: transient('s'), kept: typedValue(1) });
    await h.engine.runtime.changeVariables(id, new Map([['other', transient('s')]]), []);
    expect(plain(h.engine.runtime.findVariables(id))).toEqual({ kept: 1 });
  });
});

describe('inclusive gateway', () => {
  const diamond = () =>
    bpmn(
      process('p', [
        start(),
        or('split', 'default="split__C"'),
        task('A'),
        task('B'),
        task('C'),
        or('join'),
        task('D'),
        flow('start', 'split'),
        flow('split', 'A', '${a}'),
        flow('split', 'B', '${b}'),
        flow('split', 'C'),
        ...['A', 'B', 'C'].map((from) => flow(from, 'join')),
        flow('join', 'D'),
      ]),
    );

  it.each([
    [true, true, ['A', 'B']],
    [true, false, ['A']],
    [false, true, ['B']],
    [false, false, ['C']],
  ])('takes every flow whose condition is true, else the default (%s, %s)', async (a, b, taken) => {
    await h.deploy(diamond());
    const { id } = await h.start('p', { a, b });
    expect(h.waiting()).toEqual(taken);
    for (const [at, topic] of taken.entries()) {
      await h.work(topic);
      expect(h.waiting()).toEqual(at + 1 < taken.length ? taken.slice(at + 1) : ['D']);
    }
    await h.work('D');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'D']);
  });

  it('evaluates a join only when a token arrives there, as Camunda does', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          or('split'),
          task('A'),
          task('B'),
          xor('way', 'default="way__join"'),
          end('elsewhere'),
          or('join'),
          task('D'),
          flow('start', 'split'),
          flow('split', 'A'),
          flow('split', 'B'),
          flow('A', 'join'),
          flow('B', 'way'),
          flow('way', 'join'),
          flow('way', 'elsewhere', '${gone}'),
          flow('join', 'D'),
        ]),
      ),
    );
    const { id } = await h.start('p', { gone: true });
    await h.work('A');
    expect(h.waiting()).toEqual(['B']);
    await h.work('B');
    expect([h.waiting(), h.outcome(id)[0], h.trail(id).at(-1)]).toEqual([[], 'ACTIVE', 'elsewhere']);
  });

  it('does not wait for a token that could come by a boundary event only, as Camunda does not', async () => {
    await h.deploy(
      bpmn(
        error('e', 'E'),
        process('p', [
          start(),
          subProcess('sub', [
            start('s2'),
            and('split'),
            task('A'),
            task('B'),
            end('away'),
            boundary('b', 'B', 'e'),
            or('join'),
            task('D'),
            path('s2', 'split', 'A', 'join', 'D'),
            path('split', 'B', 'away'),
            path('b', 'join'),
          ]),
          path('start', 'sub'),
        ]),
      ),
    );
    await h.start('p');
    await h.work('A');
    expect(h.waiting()).toEqual(['B', 'D']);
    await h.bpmnError((await h.take('B')).id, 'E');
    expect(h.waiting()).toEqual(['D', 'D']);
  });

  it('ends the token at a join without an outgoing flow', async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          task('A'),
          task('B'),
          or('join'),
          flow('start', 'A'),
          flow('start', 'B'),
          flow('A', 'join'),
          flow('B', 'join'),
        ]),
      ),
    );
    const { id } = await h.start('p');
    await h.work('A');
    await h.work('B');
    expect(h.outcome(id)).toEqual(['COMPLETED', 'join']);
  });
});

describe('ids', () => {
  it('are the UUID alone if the element id makes them longer than 64 characters', async () => {
    const long = `T${'x'.repeat(40)}`;
    await h.deploy(bpmn(sequence('p', 'A', long)));
    await h.start('p');
    expect((await h.take('A')).activityInstanceId).toMatch(/^A:[0-9a-f-]{36}$/);
    await h.complete(h.engine.externalTasks.find({})[0]!.id);
    expect((await h.take(long)).activityInstanceId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
