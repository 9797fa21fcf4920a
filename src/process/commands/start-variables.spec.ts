import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../common/errors/index.js';
import { assertStartVariables, SYSTEM_VARIABLES } from './start-variables.js';

function pointersOf(variables: Record<string, unknown>): readonly string[] {
  try {
    assertStartVariables(variables);
  } catch (error) {
    if (error instanceof ProblemError) return (error.facts.errors ?? []).map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = [value];
  return value;
}

describe('assertStartVariables', () => {
  it('takes plain JSON of every kind', () => {
    expect(
      pointersOf({
        text: 'ü🙂',
        int: 1,
        long: Number.MAX_SAFE_INTEGER,
        double: 0.5,
        yes: true,
        none: null,
        list: [{}],
      }),
    ).toEqual([]);
  });

  it.each([...SYSTEM_VARIABLES])('refuses %s, which the service sets itself', (name) => {
    expect(pointersOf({ [name]: 'x' })).toEqual([`/variables/${name}`]);
  });

  it('refuses names that JavaScript objects cannot hold harmlessly, at any depth', () => {
    const variables = JSON.parse(
      '{"__proto__":1,"constructor":1,"prototype":1,"a":{"b":[{"__proto__":1}]}}',
    ) as Record<string, unknown>;
    expect(pointersOf(variables)).toEqual([
      '/variables/__proto__',
      '/variables/constructor',
      '/variables/prototype',
      '/variables/a',
    ]);
  });

  it('refuses integers that would lose digits, at any depth', () => {
    expect(pointersOf({ a: 2 ** 53, b: { c: [-(2 ** 53)] }, ok: 2 ** 53 - 1 })).toEqual([
      '/variables/a',
      '/variables/b',
    ]);
  });

  it('refuses what JSON can spell and nobody can keep: halves of characters, numbers beyond a double', () => {
    const variables = JSON.parse(
      '{"huge":1e400,"half":"\\ud800","\\udfff":1,"deep":{"a":["\\udc00x"]},"name":{"\\ud800":1},"fine":"\\ud83d\\ude42"}',
    ) as Record<string, unknown>;
    expect(pointersOf(variables)).toEqual([
      '/variables/huge',
      '/variables/half',
      '/variables/\udfff',
      '/variables/deep',
      '/variables/name',
    ]);
  });

  it('refuses empty and overlong names', () => {
    expect(pointersOf({ '': 1, ['n'.repeat(256)]: 1, ['n'.repeat(255)]: 1 })).toHaveLength(2);
  });

  it('refuses values that are nested without end, and does not run out of stack', () => {
    expect(pointersOf({ deep: nested(50_000), fine: nested(90) })).toEqual(['/variables/deep']);
  });

  it('escapes names in pointers', () => {
    expect(pointersOf({ 'a/b~c': 2 ** 60 })).toEqual(['/variables/a~1b~0c']);
  });
});
