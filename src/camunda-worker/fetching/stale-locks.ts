import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { LockedExternalTask } from '../../camunda-engine/index.js';
import { longestBackoffMs } from '../outcome/retry-delay.js';

/** Matches the worker ids of this service: {@link createWorkerIdBase}, then the number of the poll. */
const OWN_WORKER_ID = /^.+-\d+-[0-9a-f]{8}-\d+$/;

/** The common beginning of this process's worker ids: host, process id and a random part. */
export function createWorkerIdBase(): string {
  return `${hostname().slice(0, 100)}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/**
 * Tells the lock of a handler that ran in an earlier process of this service from the lock of a task that waits for its
 * retry. The latter must stay: it expires when the retry is due. A lock that lasts longer than any handler's belongs to a
 * retry that a partner delayed with `Retry-After`.
 *
 * @param taskRetries retries after the first attempt (`CAMUNDA_TASK_RETRIES`)
 * @param longestLockMs longest time that a handler's lock may have left
 * @param now the engine's time, in milliseconds since 1970
 */
export function isStaleLock(
  { workerId, retries, lockExpirationTime }: LockedExternalTask,
  taskRetries: number,
  longestLockMs: number,
  now: number,
): boolean {
  if (!OWN_WORKER_ID.test(workerId ?? '')) return false;
  if (typeof retries !== 'number' || typeof lockExpirationTime !== 'string') return true;
  const failedAttempts = Math.max(1, taskRetries - retries + 1);
  const leftMs = Date.parse(lockExpirationTime) - now;
  return leftMs > longestBackoffMs(failedAttempts) && leftMs <= longestLockMs;
}
