import { describe, expect, it } from '@jest/globals';
import { CorrelationIdPipe } from './correlation-id.pipe.js';

describe('CorrelationIdPipe', () => {
  const pipe = new CorrelationIdPipe();

  it('returns a valid id', () => {
    expect(pipe.transform('user-123')).toBe('user-123');
  });

  it.each(['', 'a\0b', 'a b', '.a', 'all', 'a'.repeat(256)])(
    'refuses %p as a 400 that says where',
    (text) => {
      expect(() => pipe.transform(text)).toThrow(
        expect.objectContaining({
          status: 400,
          facts: expect.objectContaining({
            errors: [{ pointer: '/correlationId', detail: expect.any(String) }],
          }),
        }),
      );
    },
  );
});
