import { describe, expect, it } from '@jest/globals';
import type { HistoricTypedVariable } from '../../camunda-engine/index.js';
import {
  areVariablesMissing,
  MAX_RESULT_BYTES,
  type ResultSelection,
  selectResult,
} from './result.variables.js';

const UNNAMED: ResultSelection = { kind: 'unnamed' };

function variable(
  name: string,
  type: string,
  value?: unknown,
  valueInfo?: Record<string, unknown>,
): HistoricTypedVariable {
  return { name, type, value, valueInfo, processInstanceId: 'i' };
}

const SYSTEM = ['correlationId', 'batch_id', 'traceability_id', 'application_id'].map((name) =>
  variable(name, 'String', name),
);

function jsonOf(variables: readonly HistoricTypedVariable[], selection = UNNAMED): string {
  const result = selectResult(variables, selection);
  return result.kind === 'data' ? result.json : result.error;
}

describe('the result among the variables of a process', () => {
  it('is the variable "result" alone if there is one', () => {
    expect(
      jsonOf([...SYSTEM, variable('a', 'Integer', 1), variable('result', 'Json', '{"ok":[true]}')]),
    ).toBe('{"ok":[true]}');
    expect(jsonOf([variable('result', 'Null', null), variable('a', 'Integer', 1)])).toBe('null');
  });

  it('is all variables but those that the service gave, if none is named', () => {
    const all = [...SYSTEM, variable('identifiers', 'Json', '{}'), variable('b', 'String', 'x')];
    expect(jsonOf(all)).toBe('{"b":"x"}');
    expect(jsonOf(SYSTEM)).toBe('{}');
  });

  it('is what is named, in that order, and null for what the process never set', () => {
    const names = ['b', 'none', 'correlationId'];
    expect(
      jsonOf([...SYSTEM, variable('b', 'Boolean', true)], { kind: 'named', names, absent: 'null' }),
    ).toBe('{"b":true,"none":null,"correlationId":"correlationId"}');
    const renamed = { kind: 'named', names: ['__proto__', 'gone'], absent: 'omitted' } as const;
    expect(jsonOf([variable('__proto__', 'Integer', 1)], renamed)).toBe('{"__proto__":1}');
  });

  it.each([
    ['Json', '{"n":12345678901234567890,"d":1.50}', undefined, '{"n":12345678901234567890,"d":1.5}'],
    ['Json', 'not JSON', undefined, '"not JSON"'],
    ['Date', '2026-01-31T10:00:00.000+0200', undefined, '"2026-01-31T08:00:00.000Z"'],
    ['Long', 9_007_199_254_740_993n, undefined, '9007199254740993'],
    ['Xml', '<a/>', undefined, '"<a/>"'],
    ['File', undefined, { filename: 'a.pdf' }, '{"type":"File","valueInfo":{"filename":"a.pdf"}}'],
    ['Bytes', 'AAAA', undefined, '{"type":"Bytes","valueInfo":{}}'],
    [
      'Object',
      'rO0AB',
      { objectTypeName: 'java.util.List' },
      '{"type":"Object","valueInfo":{"objectTypeName":"java.util.List"}}',
    ],
  ])('shows a variable of type %s (%p)', (type, value, valueInfo, json) => {
    expect(jsonOf([variable('result', type, value, valueInfo)])).toBe(json);
  });

  it('is refused beyond 1 MiB of its JSON in UTF-8, with the names and sizes, largest first', () => {
    const fits = 'x'.repeat(MAX_RESULT_BYTES - 2);
    expect(selectResult([variable('result', 'String', fits)], UNNAMED).kind).toBe('data');
    expect(selectResult([variable('result', 'String', `${fits}x`)], UNNAMED).kind).toBe('too-large');
    const many = [variable('small', 'Integer', 1), variable('ü', 'String', 'ü'.repeat(MAX_RESULT_BYTES / 2))];
    expect(jsonOf(many)).toContain('ü (1048578 bytes), small (1 bytes).');
    const letters = Array.from({ length: 12 }, (_, n) =>
      variable(`v${n}`, 'String', 'x'.repeat(100_000 + n)),
    );
    expect(jsonOf(letters)).toMatch(/: v11 \(100013 bytes\), .* and 2 more\. /);
  });

  it('differs from a history without variables', () => {
    expect(areVariablesMissing([])).toBe(true);
    expect(areVariablesMissing([variable('a', 'Integer', 1)])).toBe(true);
    expect(areVariablesMissing(SYSTEM)).toBe(false);
  });
});
