/** An error of SQLite in the writer thread, with its code (https://sqlite.org/rescode.html). */
export class SqliteWriterError extends Error {
  override readonly name = 'SqliteWriterError';

  constructor(
    message: string,
    /** Such as `SQLITE_FULL`; undefined if the error is not one of SQLite. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** The writer thread ended; the requests that it had not answered may or may not be durable. */
export class SqliteThreadEndedError extends Error {
  override readonly name = 'SqliteThreadEndedError';
  readonly code = 'SQLITE_THREAD_ENDED';

  constructor(path: string, cause?: unknown) {
    super(`The thread that writes ${path} ended. It is unknown whether its last transaction was committed.`, {
      cause,
    });
  }
}

/** The file is closed; nothing was written. */
export class SqliteWriterClosedError extends Error {
  override readonly name = 'SqliteWriterClosedError';
  readonly code = 'SQLITE_WRITER_CLOSED';

  constructor(path: string) {
    super(`${path} is closed.`);
  }
}

/** Commits to the file would not survive a crash; the message names the settings. */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';
}
