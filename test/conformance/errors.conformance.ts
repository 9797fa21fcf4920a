import { describe, expect, it } from '@jest/globals';
import { and, boundary, end, error, errorEnd, path, start, subProcess, task } from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';
import { vars } from './support/scenario.js';

const engine = useEngine();

/** A task with boundary events that each lead to a separate task. */
const caughtBy = (...events: readonly string[]) => [
  start(),
  task('A'),
  end(),
  path('start', 'A', 'end'),
  ...events,
];
const handler = (id: string, attachedTo: string, ref: string | null, to: string, attributes = '') =>
  boundary(id, attachedTo, ref, attributes) + task(to) + path(id, to, 'end');

describe('BPMN error of a task', () => {
  it('is caught by its code', async () => {
    const process = await engine.process(
      caughtBy(handler('b1', 'A', 'e1', 'X'), handler('b2', 'A', 'e2', 'Y')),
      {
        definitions: error('e1', 'ONE') + error('e2', 'TWO'),
      },
    );
    const instance = await process.start();
    await process.throwError('A', 'TWO');
    expect(await process.waitsIn(instance)).toEqual(['Y']);
    expect(await process.trail(instance)).toEqual(['!A', 'b2', 'start']);
  });

  it('is caught by an event without an error', async () => {
    const process = await engine.process(caughtBy(handler('b', 'A', null, 'X')));
    const instance = await process.start();
    await process.throwError('A', 'ANY');
    expect(await process.waitsIn(instance)).toEqual(['X']);
  });

  it('is not caught by another code', async () => {
    const process = await engine.process(caughtBy(handler('b', 'A', 'e1', 'X')), {
      definitions: error('e1', 'ONE'),
    });
    const instance = await process.start();
    await process.throwError('A', 'TWO');
    expect(await process.state(instance)).toBe('COMPLETED');
  });

  it('is caught by the event with its code before the one that catches all', async () => {
    const process = await engine.process(
      caughtBy(handler('all', 'A', null, 'X'), handler('one', 'A', 'e1', 'Y')),
      {
        definitions: error('e1', 'ONE'),
      },
    );
    const instance = await process.start();
    await process.throwError('A', 'ONE');
    expect(await process.waitsIn(instance)).toEqual(['Y']);
  });

  it('sets variables for its code and its message', async () => {
    const process = await engine.process(
      caughtBy(
        handler('b', 'A', null, 'X', 'camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"'),
      ),
    );
    const instance = await process.start();
    await process.throwError('A', 'E1', { errorMessage: 'because', variables: vars({ extra: 1 }) });
    expect(await process.values(instance)).toEqual({ code: 'E1', text: 'because', extra: 1 });
  });

  it('sets null without a message', async () => {
    const process = await engine.process(
      caughtBy(handler('b', 'A', null, 'X', 'camunda:errorMessageVariable="text"')),
    );
    const instance = await process.start();
    await process.throwError('A', 'E1');
    expect(await process.variable(instance, 'text')).toEqual({ type: 'Null', value: null, valueInfo: {} });
  });

  it('ends only its own token if it is uncaught', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('B'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'B', 'end'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'E');
    expect(await process.waitsIn(instance)).toEqual(['B']);
  });

  it('is caught by an enclosing scope', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [
        start('s'),
        and('fork'),
        task('A'),
        task('B'),
        end('e'),
        path('s', 'fork', 'A', 'e'),
        path('fork', 'B', 'e'),
      ]),
      end(),
      path('start', 'S', 'end'),
      handler('b', 'S', null, 'X'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'E');
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await process.trail(instance)).toEqual(['!A', '!B', '!S', 'b', 'fork', 's', 'start']);
  });

  it('is caught by the nearest scope', async () => {
    const process = await engine.process([
      start(),
      subProcess('S', [
        start('s'),
        task('A'),
        end('e'),
        path('s', 'A', 'e'),
        boundary('inner', 'A', null),
        task('X'),
        path('inner', 'X', 'e'),
      ]),
      end(),
      path('start', 'S', 'end'),
      handler('outer', 'S', null, 'Y'),
    ]);
    const instance = await process.start();
    await process.throwError('A', 'E');
    expect(await process.waitsIn(instance)).toEqual(['X']);
  });
});

describe('error end event', () => {
  const throwing = (...around: readonly string[]) => [
    start(),
    subProcess('S', [start('s'), task('A'), errorEnd('thrown', 'e1'), path('s', 'A', 'thrown')]),
    task('B'),
    end(),
    path('start', 'S', 'B', 'end'),
    ...around,
  ];

  it('is caught on the sub-process', async () => {
    const process = await engine.process(throwing(handler('b', 'S', 'e1', 'X')), {
      definitions: error('e1', 'ONE'),
    });
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['X']);
    expect(await process.trail(instance)).toEqual(['!S', '!thrown', 'A', 'b', 's', 'start']);
  });

  it('takes its message from the error', async () => {
    const process = await engine.process(
      throwing(
        handler('b', 'S', null, 'X', 'camunda:errorCodeVariable="c" camunda:errorMessageVariable="m"'),
      ),
      { definitions: error('e1', 'ONE', 'in short') },
    );
    const instance = await process.start();
    await process.complete('A');
    expect(await process.values(instance)).toEqual({ c: 'ONE', m: 'in short' });
  });

  it('ends its scope normally if it is uncaught', async () => {
    const process = await engine.process(throwing(), { definitions: error('e1', 'ONE') });
    const instance = await process.start();
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B']);
    expect(await process.trail(instance)).toEqual(['A', 'S', 's', 'start', 'thrown']);
  });

  it('ends the instance normally if it is uncaught', async () => {
    const process = await engine.process([start(), errorEnd('thrown', 'e1'), path('start', 'thrown')], {
      definitions: error('e1', 'ONE'),
    });
    const { body } = await process.launch();
    expect(body).toMatchObject({ ended: true });
    expect(await process.state(String(body.id))).toBe('COMPLETED');
  });
});

describe('camunda:errorEventDefinition', () => {
  const withDefinition = (expression: string) => [
    start(),
    task('A', `<camunda:errorEventDefinition id="d" errorRef="e1" expression="${expression}"/>`),
    end(),
    path('start', 'A', 'end'),
    handler('b', 'A', 'e1', 'X', 'camunda:errorMessageVariable="m"'),
  ];
  const definitions = error('e1', 'ONE');

  it('throws when the task is completed and the expression is true', async () => {
    const process = await engine.process(withDefinition('${bad}'), { definitions });
    const instance = await process.start();
    await process.complete('A', { bad: true });
    expect(await process.waitsIn(instance)).toEqual(['X']);
  });

  it('does not throw if the expression is false', async () => {
    const process = await engine.process(withDefinition('${bad}'), { definitions });
    const instance = await process.start();
    await process.complete('A', { bad: false });
    expect(await process.state(instance)).toBe('COMPLETED');
  });

  it('throws when the task fails, with access to the failure', async () => {
    const process = await engine.process(
      withDefinition("${externalTask != null and externalTask.errorMessage == 'give up'}"),
      { definitions },
    );
    const instance = await process.start();
    const job = await process.fetchOne('A');
    await process.report(job, 'failure', { errorMessage: 'try again', retries: 2 });
    expect(await process.waitsIn(instance)).toEqual(['A']);
    const again = await process.fetchOne('A');
    await process.report(again, 'failure', { errorMessage: 'give up', retries: 1 });
    expect(await process.waitsIn(instance)).toEqual(['X']);
  });

  it('fails the completion when its expression throws', async () => {
    const process = await engine.process(withDefinition('${nope}'), { definitions });
    const instance = await process.start();
    const answer = await process.report(await process.fetchOne('A'), 'complete');
    expect(answer).toMatchObject({ status: 500 });
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('counts as false if its expression throws on a failure', async () => {
    const process = await engine.process(withDefinition('${nope}'), { definitions });
    const instance = await process.start();
    const answer = await process.report(await process.fetchOne('A'), 'failure', { retries: 1 });
    expect(answer).toMatchObject({ status: 204 });
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });
});
