import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { boundary, end, io, path, start, subProcess, task, pass } from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();
const around = (extensions: string) => [
  start(),
  task('A', extensions),
  task('B'),
  end(),
  path('start', 'A', 'B', 'end'),
];
const typed = (type: string, value: unknown) => ({ type, value, valueInfo: {} });

/** The variables that a worker receives of a task with these inputs. */
async function inputs(parameters: Readonly<Record<string, string>>, values = {}) {
  const process = await engine.process(around(io(parameters)));
  await process.start(values);
  return (await process.fetchOne('A', { localVariables: true })).variables;
}

describe('input mapping', () => {
  it('sets constants, which are texts', async () => {
    expect(await inputs({ a: 'x', n: '5', empty: '' })).toEqual({
      a: typed('String', 'x'),
      n: typed('String', '5'),
      empty: typed('Null', null),
    });
  });

  it('sets values of expressions with their types', async () => {
    expect(
      await inputs(
        { n: '${n + 1}', d: '${n / 2}', b: '${n > 3}', s: '${s}', mixed: 'it is ${n}!' },
        { n: 5, s: 'x' },
      ),
    ).toEqual({
      n: typed('Long', 6),
      d: typed('Double', 2.5),
      b: typed('Boolean', true),
      s: typed('String', 'x'),
      mixed: typed('String', 'it is 5!'),
    });
  });

  it('keeps the type of a variable that it copies', async () => {
    const values = {
      i: { type: 'Integer', value: 1 },
      s: { type: 'Short', value: 2 },
      j: { type: 'Json', value: '{"a":1}' },
      d: { type: 'Date', value: '2030-01-01T00:00:00.000+0000' },
    };
    expect(await inputs({ ci: '${i}', cs: '${s}', cj: '${j}', cd: '${d}' }, values)).toEqual({
      ci: typed('Integer', 1),
      cs: typed('Short', 2),
      cj: typed('Json', '{"a":1}'),
      cd: typed('Date', '2030-01-01T00:00:00.000+0000'),
    });
  });

  it('does not see the other inputs', async () => {
    const process = await engine.process(around(io({ first: 'x', second: '${first}y' })));
    expect(await process.launch()).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/Cannot resolve identifier 'first'$/) },
    });
  });

  /** The variables that a worker receives of a task with these inputs, in a sub-process with the other inputs. */
  async function nested(outer: Readonly<Record<string, string>>, inner: Readonly<Record<string, string>>) {
    const process = await engine.process([
      start(),
      subProcess('S', [start('s'), task('A', io(inner)), end('e'), path('s', 'A', 'e')], io(outer)),
      end(),
      path('start', 'S', 'end'),
    ]);
    await process.start({ n: 7 });
    return (await process.fetchOne('A')).variables;
  }

  it('sets lists', async () => {
    const list =
      '<camunda:list><camunda:value>a</camunda:value><camunda:value>${n}</camunda:value></camunda:list>';
    const variables = await nested(
      { list },
      { size: '${list.size()}', last: '${list.get(1)}', first: '${list[0]}' },
    );
    expect(variables).toMatchObject({
      size: typed('Integer', 2),
      last: typed('Integer', 7),
      first: typed('String', 'a'),
      list: {
        type: 'Object',
        valueInfo: { objectTypeName: expect.stringMatching(/^java\.util\.ArrayList/) },
      },
    });
  });

  it('sets maps', async () => {
    const map =
      '<camunda:map><camunda:entry key="k">a</camunda:entry><camunda:entry key="n">${n}</camunda:entry></camunda:map>';
    const variables = await nested({ map }, { k: '${map.k}', n: "${map['n']}" });
    expect(variables).toMatchObject({
      k: typed('String', 'a'),
      n: typed('Integer', 7),
      map: { type: 'Object', valueInfo: { objectTypeName: expect.stringMatching(/^java\.util\.\w*Map/) } },
    });
  });

  it('fails the start when it throws', async () => {
    const process = await engine.process(around(io({ a: '${nope}' })));
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: Unknown property used in expression: \${nope}. Cause: Cannot resolve identifier 'nope'`,
        0,
      ),
    );
  });

  it('is local to the task', async () => {
    const process = await engine.process(around(io({ a: 'x' })));
    const instance = await process.start();
    await process.complete('A');
    expect(await process.variable(instance, 'a')).toBeUndefined();
    expect(await process.values(instance)).toEqual({ a: 'x' });
  });

  it('applies to a task without a wait state', async () => {
    const process = await engine.process([
      start(),
      pass('P').replace(
        '></task>',
        `><extensionElements>${io({ a: 'x' }, { out: '${a}y' })}</extensionElements></task>`,
      ),
      task('B'),
      end(),
      path('start', 'P', 'B', 'end'),
    ]);
    const instance = await process.start();
    expect(await process.variable(instance, 'out')).toMatchObject({ value: 'xy' });
  });
});

describe('output mapping', () => {
  it('sets variables outside the task', async () => {
    const process = await engine.process(around(io({ inner: 'x' }, { outer: '${inner}${given}' })));
    const instance = await process.start();
    await process.complete('A', {}, { given: 'y' });
    expect(await process.variable(instance, 'outer')).toMatchObject({ type: 'String', value: 'xy' });
  });

  it('sees the outputs before it', async () => {
    const process = await engine.process(around(io({}, { a: '1', b: '${a}2' })));
    const instance = await process.start();
    await process.complete('A');
    expect(await process.variable(instance, 'b')).toMatchObject({ value: '12' });
  });

  it('changes an existing variable', async () => {
    const process = await engine.process(around(io({}, { n: '${n + 1}' })));
    const instance = await process.start({ n: 1 });
    await process.complete('A');
    expect(await process.variable(instance, 'n')).toMatchObject({ type: 'Long', value: 2 });
  });

  it('sets the variable of the enclosing sub-process if it has one of that name', async () => {
    const process = await engine.process([
      start(),
      subProcess(
        'S',
        [
          start('s'),
          task('A', io({}, { n: 'set', m: 'set' })),
          task('B'),
          end('e'),
          path('s', 'A', 'B', 'e'),
        ],
        io({ n: 'local' }),
      ),
      end(),
      path('start', 'S', 'end'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.variable(instance, 'n')).toBeUndefined();
    expect((await process.fetchOne('B')).variables).toMatchObject({
      n: { value: 'set' },
      m: { value: 'set' },
    });
  });

  it('fails the completion when it throws', async () => {
    const process = await engine.process(around(io({}, { a: '${nope}' })));
    const instance = await process.start();
    const answer = await process.report(await process.fetchOne('A'), 'complete');
    expect(answer).toMatchObject(
      refused(
        500,
        'ProcessEngineException',
        "Unknown property used in expression: ${nope}. Cause: Cannot resolve identifier 'nope'",
        0,
      ),
    );
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('runs for a task that an error cancels', async () => {
    const process = await engine.process([
      ...around(io({ in: 'x' }, { out: '${in}y' })),
      boundary('caught', 'A', null),
      task('C'),
      path('caught', 'C', 'end'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'E');
    expect(await process.waitsIn(instance)).toEqual(['C']);
    expect(await process.variable(instance, 'out')).toMatchObject({ value: 'xy' });
  });

  it('runs when the instance is deleted', async () => {
    const process = await engine.process(around(io({}, { out: 'mapped' })));
    const instance = await process.start();
    await engine.delete(`/process-instance/${instance}`);
    expect(await process.values(instance)).toEqual({ out: 'mapped' });
  });

  it('does not run when the instance is deleted without it', async () => {
    const process = await engine.process(around(io({}, { out: 'mapped' })));
    const instance = await process.start();
    await engine.delete(`/process-instance/${instance}?skipIoMappings=true`);
    expect(await process.values(instance)).toEqual({});
  });

  it('prevents the deletion of the instance if it throws', async () => {
    const process = await engine.process(around(io({}, { out: '${nope}' })));
    const instance = await process.start();
    expect(await engine.delete(`/process-instance/${instance}`)).toMatchObject(
      refused(
        500,
        'ProcessEngineException',
        "Unknown property used in expression: ${nope}. Cause: Cannot resolve identifier 'nope'",
        0,
      ),
    );
    expect(await process.state(instance)).toBe('ACTIVE');
  });

  it('runs for a sub-process when it ends', async () => {
    const process = await engine.process([
      start(),
      subProcess(
        'S',
        [start('s'), task('A'), end('e'), path('s', 'A', 'e')],
        io({ in: 'x' }, { out: '${in}y' }),
      ),
      task('B'),
      end(),
      path('start', 'S', 'B', 'end'),
    ]);
    const instance = await process.start();
    expect((await process.fetchOne('A')).variables).toMatchObject({ in: { value: 'x' } });
    expect(await process.variable(instance, 'in')).toBeUndefined();
  });
});
