import { describe, expect, it } from '@jest/globals';
import { toTypedValue } from '../core/typed-value.converter.js';
import { compileJavaScript, ScriptError, type ScriptHost } from './index.js';

class RecordingHost implements ScriptHost {
  readonly calls: unknown[] = [];

  constructor(private readonly values: ReadonlyMap<string, unknown> = new Map()) {}

  variables(): ReadonlyMap<string, unknown> {
    return this.values;
  }

  property(name: string): unknown {
    return `the ${name}`;
  }

  getVariable(name: string): unknown {
    return this.values.get(name) ?? null;
  }

  getVariables(): object {
    return Object.fromEntries(this.values);
  }

  hasVariable(name: string): boolean {
    return this.values.has(name);
  }

  setVariable(name: string, value: unknown): void {
    this.calls.push(['set', name, value]);
  }

  setVariableLocal(name: string, value: unknown): void {
    this.calls.push(['setLocal', name, value]);
  }

  removeVariable(name: string): void {
    this.calls.push(['remove', name]);
  }
}

const run = (source: string, variables: readonly (readonly [string, unknown])[] = []): unknown =>
  compileJavaScript(source, 'S').run(new RecordingHost(new Map(variables)));

describe('a script', () => {
  it('returns the value of its last expression, with variables as globals', () => {
    expect(run('var b = a + 1; b * 2', [['a', 2]])).toBe(6);
    expect(run('order.items.length', [['order', { items: [1, 2] }]])).toBe(2);
  });

  it('reads and writes variables of its execution', () => {
    const host = new RecordingHost(new Map([['a', 1]]));
    const source = `execution.setVariable('b', execution.getVariable('a') + 1);
      execution.setVariableLocal('c', execution.hasVariable('nope'));
      execution.removeVariable('a');
      [execution.getProcessInstanceId(), execution.getBusinessKey(), execution.getCurrentActivityId()].join()`;
    expect(compileJavaScript(source, 'S').run(host)).toBe(
      'the processInstanceId,the businessKey,the currentActivityId',
    );
    expect(host.calls).toEqual([
      ['set', 'b', 2],
      ['setLocal', 'c', false],
      ['remove', 'a'],
    ]);
  });

  it('may have variables of any name', () => {
    expect(
      run('toString + constructor', [
        ['toString', 'a'],
        ['constructor', 'b'],
      ]),
    ).toBe('ab');
  });

  it('returns dates, lists and objects that become variables although they come from another realm', () => {
    expect(toTypedValue(run('new Date(5)'))).toMatchObject({ type: 'Date', value: 5 });
    expect(toTypedValue(run('[1, {a: 2}]'))).toMatchObject({ type: 'Object', value: '[1,{"a":2}]' });
    expect(toTypedValue(run('({a: [1]})'))).toMatchObject({ type: 'Json', value: '{"a":[1]}' });
    expect(toTypedValue(run('1.5'))).toMatchObject({ type: 'Double', value: 1.5 });
    expect(toTypedValue(run('undefined'))).toMatchObject({ type: 'Null' });
  });

  it('fails with the error that it threw', () => {
    expect(() => run('throw new Error("boom")')).toThrow(
      /activity 'S' in the process definition with id 'the processDefinitionId':Error: boom/,
    );
    expect(() => run('throw "text"')).toThrow(ScriptError);
    expect(() => run('nope')).toThrow(/nope is not defined/);
  });

  it('is stopped if it exceeds its time limit', () => {
    expect(() => compileJavaScript('while (true) {}', 'S', 20).run(new RecordingHost())).toThrow(
      /timed out after 20ms/,
    );
  });

  it('is rejected if it cannot be parsed', () => {
    expect(() => compileJavaScript('1 +', 'S')).toThrow(ScriptError);
  });
});
