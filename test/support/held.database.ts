import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import Database from 'better-sqlite3';
import { until } from '../../src/common/testing/until.js';
import { DATABASE_CONFIG, type DatabaseConfig } from '../../src/config/index.js';

/**
 * Blocks all writes to the SQLite file of a service, like a backup or a manual transaction.
 *
 * @returns a function that ends it
 */
export async function holdDatabase(dataDir: string): Promise<() => void> {
  // Without a timeout: the service may be in this process, and may be writing.
  const other = new Database(join(dataDir, 'fastify-camunda.sqlite'), { timeout: 0 });
  await until(() => {
    try {
      return other.exec('BEGIN IMMEDIATE').inTransaction;
    } catch {
      return false;
    }
  });
  return () => {
    other.close();
  };
}

/**
 * Limits how long callers of a running service wait for a write, as if it had booted with this `WRITE_WAIT_MS`.
 * Use it while the database is held only: with a short limit from the boot on, a slow disk fails the writes before.
 *
 * @returns a function that restores the limit
 */
export function limitWriteWaits(app: Pick<INestApplicationContext, 'get'>, ms: number): () => void {
  const config = app.get<{ writeWaitMs: number } & DatabaseConfig>(DATABASE_CONFIG, { strict: false });
  const before = config.writeWaitMs;
  config.writeWaitMs = ms;
  return () => {
    config.writeWaitMs = before;
  };
}
