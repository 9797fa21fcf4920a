import type { EventEmitter } from 'node:events';

type Done = (error?: Error | null) => void;

/** What of a connection of `tedious` is used here. */
interface TediousConnection extends EventEmitter {
  /** As the server has told of beginnings and ends. */
  readonly inTransaction: boolean;
  close(): void;
  beginTransaction(done: Done, name?: string, isolationLevel?: number): void;
  commitTransaction(done: Done, name?: string): void;
  rollbackTransaction(done: Done, name?: string): void;
  /** The statements by which the driver sets a new session up. */
  getInitialSql(): string;
}

/**
 * Settings of a session on which the reading of a result rests, beside those that the driver sets itself (ANSI
 * settings, language and date format, text size, isolation, XACT_ABORT OFF): a server, a database or a login may have
 * others as defaults.
 */
const SESSION_SETTINGS = ['set nocount off', 'set rowcount 0', 'set lock_timeout -1'].join('\n');

/** Prepares a connection that `mssql` is about to open. */
export function prepareConnection(connection: TediousConnection): void {
  keepFirstLoginError(connection);
  closeAfterFailedEnd(connection);
  beginOnlyOutside(connection);
  const initialSql = connection.getInitialSql.bind(connection);
  connection.getInitialSql = () => `${initialSql()}\n${SESSION_SETTINGS}`;
}

/**
 * Gives a login that is refused the message and number of the first thing that the server said, which is why: the
 * driver keeps the last, and behind "Cannot open database" the server says that the login failed as well.
 */
function keepFirstLoginError(connection: TediousConnection): void {
  let first: { readonly message: string; readonly number: number } | undefined;
  const listen = (said: { message: string; number: number }): void => {
    first ??= said;
  };
  const forget = (): void => {
    first = undefined;
  };
  connection.on('errorMessage', listen);
  // The driver itself tries some logins again.
  connection.on('retry', forget);
  // Before the listener that waits for the connection.
  connection.prependOnceListener('connect', (error?: Error & { code?: unknown; number?: number }) => {
    connection.removeListener('errorMessage', listen);
    connection.removeListener('retry', forget);
    if (error?.code !== 'ELOGIN' || first === undefined) return;
    error.message = first.message;
    error.number = first.number;
  });
}

/**
 * Closes a connection on which COMMIT or ROLLBACK failed. `mssql` gives it back to its pool whatever came of it: with
 * the transaction open, the next BEGIN would only nest, and what it commits would be lost with the connection.
 */
function closeAfterFailedEnd(connection: TediousConnection): void {
  for (const end of ['commitTransaction', 'rollbackTransaction'] as const) {
    const send = connection[end].bind(connection);
    connection[end] = (done, name) => {
      send((error) => {
        // Before `mssql` hears of it, so that the pool never has it as one that is free.
        if (error !== undefined && error !== null) connection.close();
        done(error);
      }, name);
    };
  }
}

/** Closes a connection on which a transaction is open still, instead of beginning another inside of it. */
function beginOnlyOutside(connection: TediousConnection): void {
  const begin = connection.beginTransaction.bind(connection);
  connection.beginTransaction = (done, name, isolationLevel) => {
    if (!connection.inTransaction) {
      begin(done, name, isolationLevel);
      return;
    }
    connection.close();
    done(
      Object.assign(new Error('A transaction was open still; its connection was closed.'), {
        code: 'ECLOSE',
      }),
    );
  };
}
