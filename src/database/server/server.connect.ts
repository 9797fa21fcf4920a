import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import type { ConnectionPurpose, ServerDialect } from './server.dialect.js';
import { addressOf, messageOf } from './server.fault.js';

/** First and longest wait before the server is tried again, in ms. */
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 5_000;

/**
 * Connects, and retries with back-off while the server is unavailable, for at most `DB_BOOT_TIMEOUT_MS`.
 *
 * @param signal ends the wait
 * @throws DatabaseStartError immediately if waiting does not help, otherwise after the timeout
 */
export async function connectToServer(
  dialect: ServerDialect,
  config: DatabaseServerConfig,
  purpose: ConnectionPurpose,
  signal?: AbortSignal,
): Promise<DataSource> {
  const until = performance.now() + config.bootTimeoutMs;
  const server = `${dialect.productName} at ${addressOf(config)}`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      signal?.throwIfAborted();
      return await initialize(new DataSource(dialect.dataSourceOptions(config, purpose)), signal);
    } catch (error) {
      if (signal?.aborted === true) throw stoppedError(server, error);
      const fault = dialect.connectFault(error, config);
      const remainingMs = Math.ceil(until - performance.now());
      const isOver = remainingMs <= 0;
      const waitMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(attempt, 10), RETRY_MAX_MS, remainingMs);
      const after = config.bootTimeoutMs === 0 ? '' : `, also not after ${config.bootTimeoutMs} ms`;
      if (fault !== null && (isOver || fault.isTransient !== true)) {
        throw new DatabaseStartError(
          `${server} cannot be used${fault.isTransient === true ? after : ''}: ${fault.cause}. ${fault.remedy}`,
          { cause: error },
        );
      }
      if (isOver) {
        throw new DatabaseStartError(
          `${server} cannot be reached${after}: ${messageOf(error)}. ` +
            'Check DB_TYPE, DB_HOST and DB_PORT, and that the server runs and may be reached from here.',
          { cause: error },
        );
      }
      // Nest buffers the log until the application is created, which waits for this.
      process.stderr.write(
        `${server} cannot be ${fault === null ? 'reached' : 'used'} yet: ${fault?.cause ?? messageOf(error)}. ` +
          `It is tried again in ${waitMs} ms.\n`,
      );
      await waitFor(waitMs, signal, server);
    }
  }
}

/** Opens connections; closes them if the signal was aborted meanwhile. @throws the reason of the signal once it is aborted */
async function initialize(dataSource: DataSource, signal?: AbortSignal): Promise<DataSource> {
  const connecting = connect(dataSource);
  if (signal === undefined) return connecting;
  const over = new AbortController();
  const stopped = once(signal, 'abort', { signal: over.signal }).then(() => {
    signal.throwIfAborted();
  });
  try {
    await Promise.race([connecting, stopped]);
    return await connecting;
  } catch (error) {
    connecting.then(() => dataSource.destroy()).catch(() => undefined);
    throw error;
  } finally {
    over.abort();
    stopped.catch(() => undefined);
  }
}

/** Connects; TypeORM leaves the pool open if the first statement on it fails. */
async function connect(dataSource: DataSource): Promise<DataSource> {
  try {
    return await dataSource.initialize();
  } catch (error) {
    if (!dataSource.isInitialized) await dataSource.driver.disconnect().catch(() => undefined);
    throw error;
  }
}

async function waitFor(ms: number, signal: AbortSignal | undefined, server: string): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw stoppedError(server, error);
  }
}

function stoppedError(server: string, cause: unknown): DatabaseStartError {
  return new DatabaseStartError(`The service was stopped while it waited for ${server}.`, { cause });
}
