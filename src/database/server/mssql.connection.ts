import type { EventEmitter } from 'node:events';
import { isLostPrimary } from './mssql.errors.js';

type Done = (error?: Error | null) => void;

/** The used part of a connection of `tedious`. */
interface TediousConnection extends EventEmitter {
  /** As reported by the server. */
  readonly inTransaction: boolean;
  close(): void;
  /** `mssql` sets it after an error of the socket: the pool then replaces the connection at its next use. */
  hasError?: boolean;
  beginTransaction(done: Done, name?: string, isolationLevel?: number): void;
  commitTransaction(done: Done, name?: string): void;
  rollbackTransaction(done: Done, name?: string): void;
  /** The statements with which the driver sets up a new session. */
  getInitialSql(): string;
}

/**
 * Settings of a session that the reading of results relies on, besides those of the driver (ANSI settings, language and
 * date format, text size, isolation, XACT_ABORT OFF). The defaults of a server, a database or a login may differ.
 */
const SESSION_SETTINGS = ['set nocount off', 'set rowcount 0', 'set lock_timeout -1'].join('\n');

/** The open connections to one server, of all pools. */
export class MssqlConnections {
  private readonly open = new Set<TediousConnection>();

  /** Prepares a connection that `mssql` is about to open. */
  readonly prepare = (connection: TediousConnection): void => {
    this.open.add(connection);
    connection.once('end', () => this.open.delete(connection));
    connection.on('errorMessage', ({ number }: { readonly number: number }) => {
      if (isLostPrimary(number)) this.retire();
    });
    prepareConnection(connection);
  };

  /**
   * Lets the pools replace all connections, each at its next use; running statements end first. A connection that reads may
   * lead to the same former primary, which answers with old rows.
   */
  private retire(): void {
    for (const connection of this.open) connection.hasError = true;
  }
}

/** Prepares a connection that `mssql` is about to open, outside of the connections to the primary. */
export function prepareConnection(connection: TediousConnection): void {
  keepFirstLoginError(connection);
  closeAfterFailedEnd(connection);
  beginOnlyOutside(connection);
  const initialSql = connection.getInitialSql.bind(connection);
  connection.getInitialSql = () => `${initialSql()}\n${SESSION_SETTINGS}`;
}

/**
 * Reports a refused login with the first error of the server, which has the reason. The driver keeps the last one, and
 * after "Cannot open database" the server reports that the login failed as well.
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
  // The driver retries some logins by itself.
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
 * Closes a connection on which COMMIT or ROLLBACK failed. `mssql` would return it to its pool with the transaction open:
 * the next BEGIN would only nest, and its commits would be lost with the connection.
 */
function closeAfterFailedEnd(connection: TediousConnection): void {
  for (const end of ['commitTransaction', 'rollbackTransaction'] as const) {
    const send = connection[end].bind(connection);
    connection[end] = (done, name) => {
      send((error) => {
        // Before `mssql` gets the error, so that the pool never sees the connection as free.
        if (error !== undefined && error !== null) connection.close();
        done(error);
      }, name);
    };
  }
}

/** Closes a connection with an open transaction, instead of beginning another one inside it. */
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
