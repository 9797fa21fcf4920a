/** An error that SQLite gave in the thread of a file, with its code (https://sqlite.org/rescode.html). */
export class SqliteWriterError extends Error {
  override readonly name = 'SqliteWriterError';

  constructor(
    message: string,
    /** Such as `SQLITE_FULL`; undefined where the error was not SQLite's. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** The thread of a file ended; what was on its way may or may not be durable. */
export class SqliteThreadEndedError extends Error {
  override readonly name = 'SqliteThreadEndedError';
  readonly code = 'SQLITE_THREAD_ENDED';

  constructor(path: string, cause?: unknown) {
    super(`The thread that writes ${path} has ended; whether its last group is in the file is not known.`, {
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

/** Commits to the file would not survive a crash; the message names what was found. */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';
}
