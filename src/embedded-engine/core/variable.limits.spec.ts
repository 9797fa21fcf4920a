import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../testing/engine.harness.js';
import { bpmn, element, path, process, start } from '../testing/process.builder.js';
import { checkLength } from './variable.limits.js';

const DOUBLING = 'camunda:expression="${text.concat(text)}" camunda:resultVariable="text"';

describe('the length of a variable', () => {
  it('is limited for the result of an expression, and the command changes nothing', async () => {
    const h = await EngineHarness.open();
    await h.deploy(
      bpmn(
        process('p', [
          start(),
          element('serviceTask', 'double', DOUBLING),
          element('userTask', 'wait'),
          path('start', 'double', 'wait'),
        ]),
      ),
    );
    await h.start('p', { text: 'x'.repeat(2_000) });
    await expect(h.start('p', { text: 'x'.repeat(2_001) })).rejects.toMatchObject({
      message: 'A String variable has at most 4000 characters, this one has 4002',
      engineCode: 10_002,
    });
    expect(h.engine.runtime.processInstances.count({})).toBe(1);
  });

  it('is limited for every type of text', () => {
    const most = 64 * 1024 * 1024;
    expect(() => {
      checkLength({ type: 'Json', value: 'x'.repeat(most) });
    }).not.toThrow();
    expect(() => {
      checkLength({ type: 'Json', value: 'x'.repeat(most + 1) });
    }).toThrow(`A Json variable has at most ${most} characters, this one has ${most + 1}`);
  });
});
