import { describe, expect, it } from '@jest/globals';
import { parsePrefer } from './prefer.parser.js';

/** Name, value and parameters of each preference, as text. */
function parsed(header: string | readonly string[] | undefined): string[] {
  return [...parsePrefer(header).values()].map(({ name, value, parameters }) =>
    [`${name}=${value}`, ...[...parameters].map(([key, text]) => `${key}=${text}`)].join(';'),
  );
}

describe('parsePrefer', () => {
  it.each<readonly [string, string | readonly string[] | undefined, readonly string[]]>([
    ['no header', undefined, []],
    ['an empty header', '', []],
    ['only separators', ' , ,;, ', []],
    ['a token', 'respond-async', ['respond-async=']],
    ['a value', 'wait=10', ['wait=10']],
    ['several in one field', 'respond-async, wait=10', ['respond-async=', 'wait=10']],
    [
      'several fields',
      ['respond-async', 'wait=10, handling=lenient'],
      ['respond-async=', 'wait=10', 'handling=lenient'],
    ],
    ['any case of a name', 'WaIt=10, Respond-Async', ['wait=10', 'respond-async=']],
    ['the case of a value', 'return=Minimal', ['return=Minimal']],
    ['white space around all parts', ' \twait \t=\t 10 ; a = b \t, c ', ['wait=10;a=b', 'c=']],
    ['no white space at all', 'wait=10;a=b,c', ['wait=10;a=b', 'c=']],
    ['a quoted value', 'wait="10"', ['wait=10']],
    ['separators and escapes in quotes', 'a="x, y; \\"z\\" \\\\", wait=1', ['a=x, y; "z" \\', 'wait=1']],
    [
      'an empty value, as no value',
      'wait=, respond-async="", a=;b=;c=""',
      ['wait=', 'respond-async=', 'a=;b=;c='],
    ],
    ['empty parameters', 'a=1;;; b=2 ;', ['a=1;b=2']],
    ['the first of a repeated preference', 'wait=1, WAIT=2, wait=3', ['wait=1']],
    ['the first of a preference repeated in another field', ['wait=1', 'wait=2'], ['wait=1']],
    ['the first of a repeated parameter', 'a;b=1;B=2', ['a=;b=1']],
    ['every character of a token', "!#$%&'*+-.^_`|~09azAZ=1", ["!#$%&'*+-.^_`|~09azaz=1"]],
    ['nothing without a name', '=5, "wait"=5, wait=7', ['wait=7']],
    ['nothing of two values', 'wait=5 6, wait==5, wait=7', ['wait=7']],
    ['nothing with text next to a quoted string', 'wait="5"x, wait=x"5", wait=7', ['wait=7']],
    ['nothing with a malformed parameter', 'wait=5; a b, wait=7', ['wait=7']],
    ['nothing after an unterminated quoted string', 'a=1, wait="5, b=2', ['a=1']],
    ['nothing with an unterminated escape', 'a=1, b="x\\', ['a=1']],
    ['nothing with characters outside of a token', 'wait@=5, wäit=5, wait(1)=5, wait=7', ['wait=7']],
  ])('parses %s', (_name, header, expected) => {
    expect(parsed(header)).toEqual(expected);
  });

  it('parses the longest possible header in linear time', () => {
    for (const header of [
      `a${' '.repeat(60_000)}b`,
      `a;${' ;'.repeat(30_000)}@`,
      `a="${'\\"'.repeat(30_000)}`,
    ]) {
      expect(parsed(header)).toEqual([]);
    }
  });
});
