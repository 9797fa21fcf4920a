/** The place in a list, newest first, after which the next page begins. */
export interface ProcessCursor {
  readonly startedAt: Date;
  readonly correlationId: string;
}

/** The last millisecond that every database can store. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A cursor that this service did not create. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('The cursor is not one that a list of this service gave.');
  }
}

/** The cursor as clients receive it; opaque to them. */
export function encodeCursor({ startedAt, correlationId }: ProcessCursor): string {
  return Buffer.from(`${startedAt.getTime()} ${correlationId}`).toString('base64url');
}

/**
 * Reads a cursor. Accepts only texts that {@link encodeCursor} returns, because the content goes into a statement.
 *
 * @throws InvalidCursorError
 */
export function decodeCursor(text: string): ProcessCursor {
  // Rows of steps may have ids that no request can have, but none has a NUL, which PostgreSQL refuses.
  const match = /^(\d{1,15}) ([^\0]{1,255})$/u.exec(Buffer.from(text, 'base64url').toString());
  const [, time, correlationId] = match ?? [];
  if (time === undefined || correlationId === undefined || Number(time) > LAST_TIME)
    throw new InvalidCursorError();
  const cursor = { startedAt: new Date(Number(time)), correlationId };
  if (encodeCursor(cursor) !== text) throw new InvalidCursorError();
  return cursor;
}
