import { ProblemError } from '../../common/errors/index.js';
import type { TaskPosition } from '../commands/process-task.js';

/** The last millisecond that every database can store. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The place as clients receive it; opaque to them. */
export function encodeTaskCursor({ createdAt, id }: TaskPosition): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

/**
 * Reads a cursor; accepts only texts that {@link encodeTaskCursor} returns.
 *
 * @throws ProblemError `invalid-request`
 */
export function decodeTaskCursor(cursor: string): TaskPosition {
  const match = /^(\d{1,15}) ([^\0]{1,64})$/u.exec(Buffer.from(cursor, 'base64url').toString());
  const [, time, id] = match ?? [];
  const place = time === undefined || id === undefined ? null : { createdAt: Number(time), id };
  if (place !== null && place.createdAt <= LAST_TIME && encodeTaskCursor(place) === cursor) return place;
  throw new ProblemError('invalid-request', 'The cursor is not one that a list has given as nextCursor.', {
    errors: [{ pointer: '/cursor', detail: 'is not a cursor' }],
  });
}
