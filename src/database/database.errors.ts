import { BootError, type TemporarilyUnavailable } from '../common/errors/index.js';

/** The database cannot be opened or used; stops the boot. */
export class DatabaseStartError extends BootError {
  override readonly name = 'DatabaseStartError';
}

/** The database is unavailable for a read; the same read may succeed later. */
export class DatabaseUnavailableError extends Error implements TemporarilyUnavailable {
  override readonly name = 'DatabaseUnavailableError';
  readonly temporarilyUnavailable = true;

  constructor(cause: unknown) {
    super('The database does not answer.', { cause });
  }
}
