import type { TemporarilyUnavailable } from '../../common/errors/index.js';

/** The write queue is full; the write was not accepted. */
export class WriteQueueFullError extends Error implements TemporarilyUnavailable {
  override readonly name = 'WriteQueueFullError';
  readonly temporarilyUnavailable = true;

  constructor(readonly bytesQueued: number) {
    super(`The write queue is full: ${bytesQueued} bytes wait for the database.`);
  }
}

/** The service stops: the write was not accepted, or could not be written in time. */
export class WriteQueueClosedError extends Error implements TemporarilyUnavailable {
  override readonly name = 'WriteQueueClosedError';
  readonly temporarilyUnavailable = true;

  constructor() {
    super('The write queue is closed: the service stops.');
  }
}

/** The write was cancelled before its transaction; nothing was written. */
export class WriteWithdrawnError extends Error implements TemporarilyUnavailable {
  override readonly name = 'WriteWithdrawnError';
  readonly temporarilyUnavailable = true;

  constructor() {
    super('The write was withdrawn before it was made.');
  }
}

/** The timeout of the caller elapsed before the write was confirmed; the write may still commit. */
export class WriteUnconfirmedError extends Error implements TemporarilyUnavailable {
  override readonly name = 'WriteUnconfirmedError';
  readonly temporarilyUnavailable = true;
  readonly unconfirmed: { readonly correlationId: string };

  constructor(correlationId: string) {
    super('The database did not confirm a write in time.');
    this.unconfirmed = { correlationId };
  }
}

/** The database refuses the row for its content; nothing was written. */
export class WriteRefusedError extends Error {
  override readonly name = 'WriteRefusedError';

  constructor(
    readonly kind: string,
    readonly correlationId: string,
    cause: unknown,
  ) {
    super(`The database refuses a row of ${kind} for ${correlationId}.`, { cause });
  }
}
