import { describe, expect, it } from '@jest/globals';
import { decodeTaskCursor, encodeTaskCursor } from './task-cursor.js';
import { TaskIdPipe } from './task-id.pipe.js';

describe('the cursor of tasks', () => {
  it('is read as it was written', () => {
    const place = { createdAt: 1_769_853_600_000, id: 'd51f1c1e-ecd9-11f1-ac67-02fc00000001' };
    expect(decodeTaskCursor(encodeTaskCursor(place))).toEqual(place);
  });

  it.each(['x', '999999999999999 t', '-1 t', '1 a\0', `1 ${'a'.repeat(65)}`, '01e3 t'])(
    'refuses one with the content %j',
    (text) => {
      expect(() => decodeTaskCursor(Buffer.from(text).toString('base64url'))).toThrow(
        expect.objectContaining({ code: 'invalid-request', status: 400 }),
      );
    },
  );

  it.each(['', '!', 'MSB0=='])('refuses the text %j', (cursor) => {
    expect(() => decodeTaskCursor(cursor)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe('TaskIdPipe', () => {
  const pipe = new TaskIdPipe();

  it('passes an id on', () => {
    expect(pipe.transform('d51f1c1e-ecd9-11f1')).toBe('d51f1c1e-ecd9-11f1');
  });

  it.each(['', 'a\0b', 'a/b', 'a b', 'a'.repeat(65)])('refuses %j', (text) => {
    expect(() => pipe.transform(text)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
