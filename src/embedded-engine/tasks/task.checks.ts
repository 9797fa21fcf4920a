import { BadUserRequestError, NullValueError, ProcessEngineError } from '../state/engine.errors.js';
import type { FetchInput } from './fetch-and-lock.types.js';
import type { ExternalTaskRecord } from '../state/records.types.js';

/** Maximum timeout of a long poll: 30 minutes, as in Camunda. */
const MAX_ASYNC_RESPONSE_TIMEOUT_MS = 1_800_000;

/**
 * @throws NullValue without a worker, ProcessEngine for an invalid lock duration, BadUserRequest for a timeout that is
 * too long
 */
export function assertFetch(input: FetchInput): void {
  requireWorker(input.workerId);
  if (input.maxTasks < 0) throw new ProcessEngineError('maxResults is not greater than or equal to 0');
  if (input.topics.some(({ topicName }) => topicName === '')) throw new NullValueError('topicName is null');
  if (input.topics.some((topic) => topic.lockDuration <= 0)) {
    throw new ProcessEngineError('lockTime is not greater than 0');
  }
  if ((input.asyncResponseTimeout ?? 0) > MAX_ASYNC_RESPONSE_TIMEOUT_MS) {
    throw new BadUserRequestError(
      `The asynchronous response timeout cannot be set to a value greater than ${MAX_ASYNC_RESPONSE_TIMEOUT_MS} milliseconds`,
      'InvalidRequestException',
    );
  }
}

/** @throws NullValue */
export function requireWorker(workerId: string | null): string {
  if (workerId === null || workerId === '') throw new NullValueError('workerId is null');
  return workerId;
}

/** @throws BadUserRequest */
export function requirePositive(duration: number | null, name: string): number {
  if (duration === null || duration <= 0) throw new BadUserRequestError(`${name} is not greater than 0`);
  return duration;
}

/** @throws ProcessEngine */
export function assertNotNegative(value: number, name: string): void {
  if (value < 0) throw new ProcessEngineError(`${name} is not greater than or equal to 0`);
}

/**
 * Checks that a task belongs to a worker. An expired lock is accepted as long as no other worker has the task.
 *
 * @param refusal the beginning of the error message
 * @param afterWorker the text after the worker's id in the error message
 * @throws BadUserRequest for a task that another worker has locked, or none
 */
export function assertWorker(
  task: ExternalTaskRecord,
  workerId: string,
  refusal: string,
  afterWorker = '',
): void {
  if (task.workerId === workerId) return;
  throw new BadUserRequestError(
    `${refusal} by worker '${workerId}'${afterWorker}. It is locked by worker '${String(task.workerId)}'.`,
  );
}

/** @throws BadUserRequest for a suspended task */
export function assertActive(task: ExternalTaskRecord): void {
  if (!task.suspended) return;
  throw new BadUserRequestError(
    `ENGINE-03043 ExternalTask with id '${task.id}' is suspended.`,
    'SuspendedEntityInteractionException',
  );
}
