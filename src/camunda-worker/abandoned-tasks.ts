import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { LockedExternalTask } from '../camunda-engine/index.js';
import { longestRetryDelayMs } from './task-outcome.mapper.js';

/** What {@link workerIdBase} makes, with the number of the poll behind it. */
const OWN_WORKER_ID = /^.+-\d+-[0-9a-f]{8}-\d+$/;

/** What the worker ids of this run begin with: host, process and a random part. */
export function workerIdBase(): string {
  return `${hostname().slice(0, 100)}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/**
 * Whether a lock was held by a worker of an earlier run of this service while its handler ran, and not because a retry
 * waits: that one ends by itself. A lock that is longer than any handler's is a retry that a partner has asked to wait.
 *
 * @param taskRetries retries after the first attempt (`CAMUNDA_TASK_RETRIES`)
 * @param longestLockMs that a handler's lock may have from now
 * @param now the engine's time, in milliseconds since 1970
 */
export function isAbandoned(
  { workerId, retries, lockExpirationTime }: LockedExternalTask,
  taskRetries: number,
  longestLockMs: number,
  now: number,
): boolean {
  if (!OWN_WORKER_ID.test(workerId ?? '')) return false;
  if (typeof retries !== 'number' || typeof lockExpirationTime !== 'string') return true;
  const failedAttempts = Math.max(1, taskRetries - retries + 1);
  const leftMs = Date.parse(lockExpirationTime) - now;
  return leftMs > longestRetryDelayMs(failedAttempts) && leftMs <= longestLockMs;
}
