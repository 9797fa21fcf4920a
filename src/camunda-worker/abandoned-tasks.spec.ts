import { describe, expect, it } from '@jest/globals';
import { isAbandoned, workerIdBase } from './abandoned-tasks.js';

describe('isAbandoned', () => {
  const now = Date.UTC(2026, 0, 1);
  const LOCK_MS = 20_000;

  /** A task after one failed attempt of four, whose lock ends in so many ms. */
  function locked(leftMs: number, workerId = `${workerIdBase()}-1`) {
    const lockExpirationTime = new Date(now + leftMs).toISOString();
    return { id: 't', topicName: 'a.b', workerId, retries: 3, lockExpirationTime };
  }

  it.each([
    ['a handler was at work', 15_000, true],
    ['a retry waits', 550, false],
    ['a retry waits as long as a partner has asked', 60_000, false],
  ])('where %s: a lock of %i ms more: %p', (_, leftMs, abandoned) => {
    expect(isAbandoned(locked(leftMs), 3, LOCK_MS, now)).toBe(abandoned);
  });

  it('is never what another worker holds', () => {
    expect(isAbandoned(locked(15_000, 'java'), 3, LOCK_MS, now)).toBe(false);
  });
});
