import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeHints, encodeHints, type Hints } from './hints.js';

const NONE: Hints = { outcomes: [], events: [], interests: [] };

describe('hints', () => {
  it('are read as they were written, in messages within the limit', () => {
    const id = fc
      .string({ minLength: 1, maxLength: 255, unit: 'grapheme' })
      .filter((text) => text.length <= 255);
    const hints = fc.record({
      outcomes: fc.array(fc.tuple(id, fc.nat()), { maxLength: 40 }),
      events: fc.array(id, { maxLength: 40 }),
      interests: fc.array(id, { maxLength: 40 }),
    });
    fc.assert(
      fc.property(hints, (given) => {
        const messages = encodeHints('me', given, 7_900);
        expect(messages.every((message) => Buffer.byteLength(message) <= 7_900)).toBe(true);
        const read = messages.map((message) => decodeHints(message));
        expect(read.flatMap((each) => each?.outcomes ?? [])).toEqual(given.outcomes);
        expect(read.flatMap((each) => each?.events ?? [])).toEqual(given.events);
        expect(read.flatMap((each) => each?.interests ?? [])).toEqual(given.interests);
        expect(read.every((each) => each?.sender === 'me')).toBe(true);
      }),
    );
  });

  it('are one message even if there are none', () => {
    expect(encodeHints('me', NONE, 7_900).map(decodeHints)).toEqual([{ sender: 'me', ...NONE }]);
  });

  it.each([
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"i":""}',
    '{"i":7,"o":[]}',
    `{"i":"a","o":["${'x'.repeat(65_536)}"]}`,
    '['.repeat(60_000),
  ])('are not read from a text of another form (%#)', (text) => {
    expect(decodeHints(text)).toBeNull();
  });

  it('have only valid entries', () => {
    const long = 'x'.repeat(256);
    const text = JSON.stringify({
      i: 'other',
      o: [['a', 1], ['b'], ['c', 'd'], ['e', 1.5], [long, 1], null, 'f', ['g', 1, 2]],
      e: ['h', '', long, 3, null],
      w: { length: 2 },
    });
    expect(decodeHints(text)).toEqual({
      sender: 'other',
      outcomes: [['a', 1]],
      events: ['h'],
      interests: [],
    });
  });

  it('never throw, whatever arrives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        decodeHints(text);
      }),
    );
  });
});
