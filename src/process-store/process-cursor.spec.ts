import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor, InvalidCursorError } from './process-cursor.js';

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  // An engine's business key, under which a step reports, may be any text.
  it.each(['a', 'order 4711', 'ünï', 'a\nb', 'z'.repeat(255)])('comes back as it was made: %p', (id) => {
    const cursor = { startedAt: new Date(1_700_000_000_123), correlationId: id };
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  });

  it.each([
    '',
    'not base64!',
    encoded('1 a\0b'),
    encoded('x a'),
    encoded('1'),
    encoded('01 a'),
    encoded(`1 ${'a'.repeat(256)}`),
    `${encoded('1 ab')}=`,
    Buffer.from('1 \xff', 'latin1').toString('base64url'),
  ])('that the service did not make is refused: %p', (text) => {
    expect(() => decodeCursor(text)).toThrow(InvalidCursorError);
  });
});
