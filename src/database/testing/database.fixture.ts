import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { DatabaseConnection } from '../database.connection.js';
import { openDatabaseConnection } from '../database.opener.js';
import { DatabaseService } from '../database.service.js';
import { WriteQueueService } from '../write-queue/index.js';
import { newServerConfig, removeServerSchema } from './database.target.js';

/** An open database in a place of its own, as the service has it. */
export interface DatabaseFixture {
  readonly config: DatabaseConfig;
  readonly connection: DatabaseConnection;
  readonly database: DatabaseService;
  readonly queue: WriteQueueService;
  readonly shutdown: ShutdownService;
  /** Stops as the service does; the file stays. */
  stop(): Promise<void>;
  /** Stops, and opens the same file again. */
  reopen(): Promise<DatabaseFixture>;
  /** Stops and removes the folder. */
  remove(): Promise<void>;
}

/** A new folder for a database. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fastify-camunda-'));
}

/** The configuration of a SQLite file in a folder. */
export function sqliteConfig(dataDir: string, changes: Partial<DatabaseConfig> = {}): DatabaseConfig {
  return {
    dataDir,
    server: null,
    writeQueueMaxBytes: 1_000_000,
    processCacheMaxBytes: 1_000_000,
    writeWaitMs: 5_000,
    eventLogMaxBytes: 32_768,
    ...changes,
  };
}

/**
 * Makes the disk fail at the next commit.
 *
 * @param kept true: what was written is durable all the same, as the writer cannot know
 */
export function failNextCommit({ connection }: DatabaseFixture, kept: boolean): void {
  const transaction = connection.transaction.bind(connection);
  connection.transaction = async (work, options) => {
    connection.transaction = transaction;
    const failure = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    if (kept) {
      await transaction(work, options);
      throw failure;
    }
    return transaction(async (sql) => {
      await work(sql);
      throw failure;
    });
  };
}

/** Opens a new database of the run's kind (`TEST_DB`), or the one of `changes`: `dataDir` on SQLite, `server` elsewhere. */
export async function openDatabase(changes: Partial<DatabaseConfig> = {}): Promise<DatabaseFixture> {
  Logger.overrideLogger(false);
  const server = changes.dataDir === undefined ? newServerConfig() : null;
  const config = sqliteConfig(changes.dataDir ?? temporaryFolder(), { server, ...changes });
  const shutdown = new ShutdownService({ timeoutMs: 2_000, delayMs: 0 });
  const connection = await openDatabaseConnection(config);
  shutdown.register('release', 'database', () => connection.close());
  const stop = (): Promise<void> => shutdown.stop();
  return {
    config,
    connection,
    database: new DatabaseService(connection),
    queue: new WriteQueueService(connection, config, shutdown),
    shutdown,
    stop,
    reopen: async () => {
      await stop();
      return openDatabase(config);
    },
    remove: async () => {
      await stop();
      await removeServerSchema(config);
      rmSync(config.dataDir, { recursive: true, force: true });
    },
  };
}
