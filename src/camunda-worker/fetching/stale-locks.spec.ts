import { describe, expect, it } from '@jest/globals';
import { createWorkerIdBase, isStaleLock } from './stale-locks.js';

describe('isStaleLock', () => {
  const now = Date.UTC(2026, 0, 1);
  const LOCK_MS = 20_000;

  /** A task after one failed attempt of four, whose lock expires in so many ms. */
  function locked(leftMs: number, workerId = `${createWorkerIdBase()}-1`) {
    const lockExpirationTime = new Date(now + leftMs).toISOString();
    return { id: 't', topicName: 'a.b', workerId, retries: 3, lockExpirationTime };
  }

  it.each([
    ['a handler was running', 15_000, true],
    ['a retry waits', 550, false],
    ['a retry waits as long as a partner has asked for', 60_000, false],
  ])('if %s and the lock lasts another %i ms: %p', (_, leftMs, isStale) => {
    expect(isStaleLock(locked(leftMs), 3, LOCK_MS, now)).toBe(isStale);
  });

  it('is false for the lock of another worker', () => {
    expect(isStaleLock(locked(15_000, 'java'), 3, LOCK_MS, now)).toBe(false);
  });
});
