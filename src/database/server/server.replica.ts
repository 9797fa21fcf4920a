import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { DatabaseServerConfig } from '../../config/index.js';
import type { SqlRow, SqlValue } from '../sql.dialect.js';
import { connectToServer } from './server.connect.js';
import type { ServerDialect } from './server.dialect.js';
import { messageOf } from './server.fault.js';
import { dropConnection, runStatement } from './server.transaction.js';

/** Pause before a replica that failed is tried again, in ms. */
const RETRY_MS = 10_000;

/** Reads on a secondary of the primary, which may be away at any time. */
export class ServerReplica {
  private readonly logger = new Logger('Database');
  private pool: DataSource | null = null;
  private opening: Promise<void> | null = null;
  private retryAt = 0;
  private isAway = false;
  private isClosed = false;

  constructor(
    private readonly dialect: ServerDialect,
    private readonly config: DatabaseServerConfig,
  ) {}

  /**
   * Connects unless it is connected or was tried shortly before.
   *
   * @returns when the attempt is over; it never rejects
   */
  async open(): Promise<void> {
    if (this.pool !== null || this.isClosed || performance.now() < this.retryAt) return;
    this.opening ??= this.connect().finally(() => {
      this.opening = null;
    });
    await this.opening;
  }

  /** The rows of a SELECT; null if the replica is away, has no such table or column yet, or fails in another way. */
  async read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[] | null> {
    const { pool } = this;
    if (pool === null) {
      // For the next reads: a search does not wait for a replica that is away.
      void this.open();
      return null;
    }
    const runner = pool.createQueryRunner();
    try {
      return (await runStatement(runner, this.dialect, sql, parameters)).rows;
    } catch (error) {
      await dropConnection(runner).catch(() => undefined);
      this.leave(pool, error);
      return null;
    } finally {
      await runner.release();
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.opening;
    const { pool } = this;
    this.pool = null;
    await pool?.destroy().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    try {
      const { replicaHost, host } = this.config;
      // Its own host, so that an error names it.
      const config = { ...this.config, host: replicaHost ?? host, bootTimeoutMs: 0 };
      const pool = await connectToServer(this.dialect, config, 'replica');
      if (this.isAway) this.logger.log('The server of DB_READ_ONLY_HOST is back: lists are searched there.');
      this.isAway = false;
      this.pool = pool;
    } catch (error) {
      this.noteAway(error);
    }
  }

  private leave(pool: DataSource, error: unknown): void {
    if (this.pool !== pool) return;
    this.pool = null;
    this.noteAway(error);
    void pool.destroy().catch(() => undefined);
  }

  private noteAway(error: unknown): void {
    this.retryAt = performance.now() + RETRY_MS;
    if (!this.isAway && !this.isClosed)
      this.logger.warn({
        msg: `Lists are searched on the primary until the server of DB_READ_ONLY_HOST answers: ${messageOf(error)}`,
      });
    this.isAway = true;
  }
}
