import { describe, expect, it } from '@jest/globals';
import { refused } from './support/answers.js';
import { and, end, flow, or, pass, path, start, task, terminate, xor } from './support/bpmn.js';
import { useEngine } from './support/engine.target.js';

const engine = useEngine();

describe('exclusive gateway', () => {
  const CHOICE = [
    start(),
    xor('G', 'default="else"'),
    task('A'),
    task('B'),
    task('C'),
    end(),
    path('start', 'G'),
    flow('G', 'A', '${n > 10}'),
    flow('G', 'B', '${n > 5}'),
    flow('G', 'C', undefined, 'else'),
    path('A', 'end'),
    path('B', 'end'),
    path('C', 'end'),
  ];

  it.each([
    [20, 'A'],
    [7, 'B'],
    [1, 'C'],
  ])('takes the first flow with a true condition, with %d to %s', async (n, waiting) => {
    const process = await engine.process(CHOICE);
    expect(await process.waitsIn(await process.start({ n }))).toEqual([waiting]);
  });

  it('fails without a true condition and without a default', async () => {
    const process = await engine.process([
      start(),
      xor('G'),
      task('A'),
      task('B'),
      end(),
      path('start', 'G'),
      flow('G', 'A', '${false}'),
      flow('G', 'B', '${false}'),
      path('A', 'end'),
      path('B', 'end'),
    ]);
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: ENGINE-02004 No outgoing sequence flow for the element with id 'G' could be selected for continuing the process.`,
        0,
      ),
    );
  });

  it('fails if a condition throws', async () => {
    const process = await engine.process(CHOICE);
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: Unknown property used in expression: \${n > 10}. Cause: Cannot resolve identifier 'n'`,
        0,
      ),
    );
  });

  it('fails if a condition is not a Boolean', async () => {
    const process = await engine.process([
      start(),
      xor('G', 'default="else"'),
      task('A'),
      task('B'),
      end(),
      path('start', 'G'),
      flow('G', 'A', '${n}'),
      flow('G', 'B', undefined, 'else'),
      path('A', 'end'),
      path('B', 'end'),
    ]);
    expect(await process.launch({ variables: { n: { value: 5 } } })).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/condition expression returns non-Boolean/) },
    });
  });

  it('takes a flow without a condition in document order', async () => {
    const process = await engine.process([
      start(),
      xor('G'),
      task('A'),
      task('B'),
      task('C'),
      end(),
      path('start', 'G'),
      flow('G', 'A', '${n == 1}'),
      flow('G', 'B'),
      flow('G', 'C', '${true}'),
      path('A', 'end'),
      path('B', 'end'),
      path('C', 'end'),
    ]);
    expect(await process.waitsIn(await process.start({ n: 1 }))).toEqual(['A']);
    expect(await process.waitsIn(await process.start({ n: 2 }))).toEqual(['B']);
  });

  it('takes a single flow without a condition', async () => {
    const process = await engine.process([
      start(),
      xor('G'),
      task('A'),
      end(),
      path('start', 'G', 'A', 'end'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['A']);
  });

  it('passes on every token', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      pass('a'),
      pass('b'),
      xor('merge'),
      task('A'),
      end(),
      path('start', 'fork', 'a', 'merge', 'A', 'end'),
      path('fork', 'b', 'merge'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['A', 'A']);
  });
});

describe('flows out of an activity', () => {
  it('are all taken with a true condition', async () => {
    const process = await engine.process([
      start(),
      pass('P'),
      task('A'),
      task('B'),
      task('C'),
      end(),
      path('start', 'P'),
      flow('P', 'A', '${true}'),
      flow('P', 'B'),
      flow('P', 'C', '${false}'),
      path('A', 'end'),
      path('B', 'end'),
      path('C', 'end'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['A', 'B']);
  });

  it('leave by the default without a true condition', async () => {
    const process = await engine.process([
      start(),
      `<task id="P" default="else"/>`,
      task('A'),
      task('B'),
      end(),
      path('start', 'P'),
      flow('P', 'A', '${false}'),
      flow('P', 'B', undefined, 'else'),
      path('A', 'end'),
      path('B', 'end'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['B']);
  });

  it('fail if no flow can be taken', async () => {
    const process = await engine.process([
      start(),
      pass('P'),
      task('A'),
      end(),
      path('start', 'P'),
      flow('P', 'A', '${false}'),
      path('A', 'end'),
    ]);
    expect(await process.launch()).toMatchObject(
      refused(
        500,
        'RestException',
        `Cannot instantiate process definition ${process.definitionId}: ENGINE-02006 No conditional sequence flow leaving the Flow Node 'P' could be selected for continuing the process.`,
        0,
      ),
    );
  });

  it('are evaluated before the output mapping runs', async () => {
    const process = await engine.process([
      start(),
      task(
        'A',
        '<camunda:inputOutput><camunda:outputParameter name="out">x</camunda:outputParameter></camunda:inputOutput>',
      ),
      task('B'),
      end(),
      path('start', 'A'),
      flow('A', 'B', "${out == 'x'}"),
      path('B', 'end'),
    ]);
    const instance = await process.start();
    const answer = await process.report(await process.fetchOne('A'), 'complete');
    expect(answer).toMatchObject(
      refused(
        500,
        'ProcessEngineException',
        "Unknown property used in expression: ${out == 'x'}. Cause: Cannot resolve identifier 'out'",
        0,
      ),
    );
    expect(await process.waitsIn(instance)).toEqual(['A']);
  });

  it('end an activity that has none', async () => {
    const process = await engine.process([start(), task('A'), path('start', 'A')]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.state(instance)).toBe('COMPLETED');
  });
});

describe('parallel gateway', () => {
  const FORK_JOIN = [
    start(),
    and('fork'),
    task('A'),
    task('B'),
    and('join'),
    task('C'),
    end(),
    path('start', 'fork', 'A', 'join', 'C', 'end'),
    path('fork', 'B', 'join'),
  ];

  it('waits for all its flows', async () => {
    const process = await engine.process(FORK_JOIN);
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['A', 'B']);
    await process.complete('B');
    expect(await process.waitsIn(instance)).toEqual(['A', 'join']);
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['C']);
  });

  it('counts the tokens that arrive, not the flows', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      pass('a'),
      pass('b'),
      task('C'),
      xor('merge'),
      and('join'),
      task('D'),
      end(),
      path('start', 'fork', 'a', 'merge', 'join', 'D', 'end'),
      path('fork', 'b', 'merge'),
      path('fork', 'C', 'join'),
    ]);
    const instance = await process.start();
    expect(await process.waitsIn(instance)).toEqual(['C', 'D']);
    await process.complete('C');
    expect(await process.waitsIn(instance)).toEqual(['D', 'join']);
  });

  it('joins two flows that come from one fork', async () => {
    const process = await engine.process([
      start(),
      and('one'),
      and('two'),
      task('A'),
      end(),
      path('start', 'one', 'two', 'A', 'end'),
      flow('one', 'two', undefined, 'again'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['A']);
  });

  it('ignores conditions', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('B'),
      end(),
      path('start', 'fork'),
      flow('fork', 'A', '${false}'),
      flow('fork', 'B'),
      path('A', 'end'),
      path('B', 'end'),
    ]);
    expect(await process.waitsIn(await process.start())).toEqual(['A', 'B']);
  });

  it('ends the instance when its last token ends', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('B'),
      end('e1'),
      end('e2'),
      path('start', 'fork', 'A', 'e1'),
      path('fork', 'B', 'e2'),
    ]);
    const instance = await process.start();
    await process.complete('A');
    expect(await process.state(instance)).toBe('ACTIVE');
    await process.complete('B');
    expect(await process.state(instance)).toBe('COMPLETED');
  });

  it('forks inside a fork', async () => {
    const process = await engine.process([
      start(),
      and('f1'),
      and('f2'),
      task('A'),
      task('B'),
      task('C'),
      and('j2'),
      and('j1'),
      task('D'),
      end(),
      path('start', 'f1', 'f2', 'A', 'j2', 'j1', 'D', 'end'),
      path('f2', 'B', 'j2'),
      path('f1', 'C', 'j1'),
    ]);
    const instance = await process.start();
    await process.complete('C');
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B', 'j1', 'j2']);
    await process.complete('B');
    expect(await process.waitsIn(instance)).toEqual(['D']);
  });

  it('records every token that arrives in the history', async () => {
    const process = await engine.process(FORK_JOIN);
    const instance = await process.start();
    await process.complete('A');
    await process.complete('B');
    expect(await process.trail(instance)).toEqual(['A', 'B', 'fork', 'join', 'join', 'start']);
  });

  it('lets two branches loop', async () => {
    const process = await engine.process([
      start(),
      xor('again'),
      task('A'),
      xor('done', 'default="no"'),
      end(),
      path('start', 'again', 'A', 'done'),
      flow('done', 'end', '${ok}'),
      flow('done', 'again', undefined, 'no'),
    ]);
    const instance = await process.start({ ok: false });
    await process.complete('A');
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['A']);
    await process.complete('A', { ok: true });
    expect(await process.state(instance)).toBe('COMPLETED');
  });
});

describe('inclusive gateway', () => {
  const SPLIT = [
    start(),
    or('fork', 'default="else"'),
    task('A'),
    task('B'),
    task('C'),
    or('join'),
    task('D'),
    end(),
    path('start', 'fork'),
    flow('fork', 'A', '${a}'),
    flow('fork', 'B', '${b}'),
    flow('fork', 'C', undefined, 'else'),
    path('A', 'join', 'D', 'end'),
    path('B', 'join'),
    path('C', 'join'),
  ];

  it.each([
    [true, true, ['A', 'B']],
    [true, false, ['A']],
    [false, true, ['B']],
    [false, false, ['C']],
  ])('takes every flow with a true condition: %s, %s', async (a, b, waiting) => {
    const process = await engine.process(SPLIT);
    expect(await process.waitsIn(await process.start({ a, b }))).toEqual(waiting);
  });

  it('waits for tokens that can still arrive', async () => {
    const process = await engine.process(SPLIT);
    const instance = await process.start({ a: true, b: true });
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B', 'join']);
    await process.complete('B');
    expect(await process.waitsIn(instance)).toEqual(['D']);
  });

  it('does not wait for tokens that cannot arrive', async () => {
    const process = await engine.process(SPLIT);
    const instance = await process.start({ a: true, b: false });
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['D']);
  });

  it('fails without a true condition and without a default', async () => {
    const process = await engine.process([
      start(),
      or('G'),
      task('A'),
      end(),
      path('start', 'G'),
      flow('G', 'A', '${false}'),
      path('A', 'end'),
    ]);
    expect(await process.launch()).toMatchObject({
      status: 500,
      body: {
        message: expect.stringMatching(/ENGINE-02004 No outgoing sequence flow for the element with id 'G'/),
      },
    });
  });

  it('also waits for tokens before other gateways', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('B'),
      xor('choice', 'default="join2"'),
      or('join'),
      task('D'),
      task('E'),
      end(),
      path('start', 'fork', 'A', 'join', 'D', 'end'),
      path('fork', 'B', 'choice'),
      flow('choice', 'E', '${away}'),
      flow('choice', 'join', undefined, 'join2'),
      path('E', 'end'),
    ]);
    const instance = await process.start({ away: true });
    await process.complete('A');
    expect(await process.waitsIn(instance)).toEqual(['B', 'join']);
    await process.complete('B');
    // The token took another path; the engine checks the join again only when a token arrives there.
    expect(await process.waitsIn(instance)).toEqual(['E', 'join']);
  });
});

describe('terminate end event', () => {
  it('ends the instance and all its tokens', async () => {
    const process = await engine.process([
      start(),
      and('fork'),
      task('A'),
      task('T'),
      terminate('stop'),
      end(),
      path('start', 'fork', 'A', 'end'),
      path('fork', 'T', 'stop'),
    ]);
    const instance = await process.start();
    await process.complete('T');
    expect(await process.state(instance)).toBe('COMPLETED');
    expect(await process.trail(instance)).toEqual(['!A', 'T', 'fork', 'start', 'stop']);
    expect(await process.fetch('A')).toEqual([]);
  });

  it('ends the instance if it has no other token', async () => {
    const process = await engine.process([start(), terminate('stop'), path('start', 'stop')]);
    expect((await process.launch()).body).toMatchObject({ ended: true });
  });
});
