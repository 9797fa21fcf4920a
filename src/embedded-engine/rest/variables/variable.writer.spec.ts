import { describe, expect, it } from '@jest/globals';
import { writeVariable } from './variable.writer.js';

describe('writeVariable', () => {
  it.each([
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [NaN, 'NaN'],
  ])('writes the Double %p, which JSON does not know, as a text', (value, text) => {
    expect(writeVariable({ type: 'Double', value, valueInfo: {} }).value).toBe(text);
  });

  it('writes any other Double as a number', () => {
    expect(writeVariable({ type: 'Double', value: 2.5, valueInfo: {} }).value).toBe(2.5);
  });

  it('writes an Object as JSON, but as text if it nests too deep or would lose digits', () => {
    const valueInfo = { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' };
    const written = (value: string): unknown =>
      writeVariable({ type: 'Object', value, valueInfo }, { deserialized: true }).value;
    expect(written('["[[", {"a\\"[": 1}]')).toEqual(['[[', { 'a"[': 1 }]);
    const long = '{"id":9007199254740993}';
    expect(written(long)).toBe(long);
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(written(deep)).toBe(deep);
  });
});
