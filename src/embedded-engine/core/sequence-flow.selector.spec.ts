import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../testing/engine.harness.js';
import { bpmn, flow, or, path, process, start, task, xor } from '../testing/process.builder.js';

let h: EngineHarness;

beforeEach(async () => {
  h = await EngineHarness.open();
});

const choice = (gateway: string) =>
  bpmn(
    process('p', [
      start(),
      gateway,
      task('A'),
      task('B'),
      task('C'),
      flow('start', 'x'),
      flow('x', 'A', '${n > 10}'),
      flow('x', 'B', '${n > 5}'),
      flow('x', 'C', '${n > 0}'),
    ]),
  );

describe('an exclusive gateway', () => {
  it('takes the first flow in document order whose condition is true', async () => {
    await h.deploy(choice(xor('x')));
    for (const n of [11, 6, 1]) await h.start('p', { n });
    expect(h.waiting()).toEqual(['A', 'B', 'C']);
  });

  it('fails the start if no condition is true and there is no default', async () => {
    await h.deploy(choice(xor('x')));
    await expect(h.start('p', { n: 0 })).rejects.toThrow(
      "ENGINE-02004 No outgoing sequence flow for the element with id 'x' could be selected",
    );
    expect(h.engine.runtime.processInstances.count({})).toBe(0);
  });

  it("takes the default flow if no condition is true, and ignores the default's own condition", async () => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          xor('x', 'default="x__B"'),
          task('A'),
          task('B'),
          flow('start', 'x'),
          flow('x', 'B'),
          flow('x', 'A', '${n == 1}'),
        ]),
      ),
    );
    await h.start('p', { n: 1 });
    await h.start('p', { n: 2 });
    expect(h.waiting()).toEqual(['A', 'B']);
  });
});

describe('an inclusive gateway', () => {
  it('fails if no condition is true and there is no default', async () => {
    await h.deploy(choice(or('x')));
    await expect(h.start('p', { n: 0 })).rejects.toThrow('ENGINE-02004');
    await h.start('p', { n: 6 });
    expect(h.waiting()).toEqual(['B', 'C']);
  });
});

describe('an activity', () => {
  const conditional = (attributes = '') =>
    bpmn(
      process('p', [
        start(),
        task('A', '', attributes),
        task('B'),
        task('C'),
        path('start', 'A'),
        flow('A', 'B', '${b}'),
        ...(attributes === '' ? [] : [flow('A', 'C')]),
      ]),
    );

  it('cannot be left if none of its conditions is true', async () => {
    await h.deploy(conditional());
    await h.start('p', { b: false });
    const { id } = await h.take('A');
    await expect(h.complete(id)).rejects.toThrow(
      "ENGINE-02006 No conditional sequence flow leaving the Flow Node 'A'",
    );
    await h.complete(id, { b: true });
    expect(h.waiting()).toEqual(['B']);
  });

  it('is left over its default flow if none of its conditions is true', async () => {
    await h.deploy(conditional('default="A__C"'));
    await h.start('p', { b: false });
    await h.work('A');
    expect(h.waiting()).toEqual(['C']);
  });
});

describe('a condition', () => {
  it.each([
    ['${text}', { text: 'yes' }, 'returns non-Boolean'],
    ['${nothing}', { nothing: null }, 'returns null'],
    ['${missing}', {}, 'Unknown property used in expression: ${missing}'],
    ['${1 / text}', { text: 'x' }, 'Error while evaluating expression'],
  ])('%s fails the command if it is not Boolean', async (condition, given, message) => {
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          xor('x'),
          task('A'),
          task('B'),
          flow('start', 'x'),
          flow('x', 'A', condition),
          flow('x', 'B', '${true}'),
        ]),
      ),
    );
    await expect(h.start('p', given as Record<string, string>)).rejects.toMatchObject({
      kind: 'ProcessEngine',
      message: expect.stringContaining(message),
    });
  });
});
