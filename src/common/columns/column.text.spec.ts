import { describe, expect, it } from '@jest/globals';
import { columnText } from './column.text.js';

describe('columnText', () => {
  it('escapes NUL characters', () => {
    expect(columnText('a\0b')).toBe('a\\u0000b');
  });

  it('replaces half a pair of surrogates, and keeps a pair', () => {
    expect(columnText('\ude00a\ud83d😀\ud83d')).toBe('\ufffda\ufffd😀\ufffd');
  });

  it('cuts to the column without splitting a pair of surrogates', () => {
    expect(columnText('abc', 2)).toBe('ab');
    expect(columnText('a😀', 2)).toBe('a');
    expect(columnText(null, 2)).toBeNull();
  });

  it('cuts to bytes if the column counts bytes, without splitting a character', () => {
    expect(columnText('äöü', 4, 'bytes')).toBe('äö');
    expect(columnText('äöü', 5, 'bytes')).toBe('äö');
    expect(columnText('a😀', 4, 'bytes')).toBe('a');
    expect(columnText('a😀', 5, 'bytes')).toBe('a😀');
    expect(columnText('abc', 3, 'bytes')).toBe('abc');
    expect(columnText('日本語', 8, 'bytes')).toBe('日本');
    expect(columnText('äöü', 3)).toBe('äöü');
  });
});
