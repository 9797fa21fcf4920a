import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseConnection } from '../database.connection.js';
import { readSchemaVersion } from '../migration.runner.js';
import type { SqlExecutor, SqlRow, SqlValue } from '../sql.dialect.js';
import { issueInOneMessage } from '../statement.collector.js';
import { connectToServer } from './server.connect.js';
import { ServerClock } from './server.clock.js';
import type { ServerDialect } from './server.dialect.js';
import { ServerReplica } from './server.replica.js';
import { prepareServerSchema } from './server.schema.js';
import { dropConnection, inServerTransaction, runStatement } from './server.transaction.js';

/** Connections that are opened before the first request: their first statements take 50 to 300 ms on SQL Server. */
const WARM_CONNECTIONS = 4;

/** How long a stop waits for statements that still run, in ms. */
const CLOSE_MS = 2_000;

/** A database server, reached by a pool of connections that read and one that writes. */
export class ServerConnection extends DatabaseConnection {
  private readonly clock: ServerClock;

  private constructor(
    private readonly server: ServerDialect,
    private readonly reader: DataSource,
    private readonly writer: DataSource,
    private readonly replica: ServerReplica | null,
  ) {
    super(server, replica !== null);
    this.clock = new ServerClock(async () => {
      const [row] = await this.read(`SELECT ${server.nowPlusMs} AS now`, [0]);
      return server.readTime(row?.now);
    });
  }

  /**
   * Connects to the server, brings the schema up to date or checks that it is, and opens the first connections.
   *
   * @param signal ends the wait for a server that is unavailable
   * @throws DatabaseStartError with a sentence that names the cause and the remedy
   */
  static async open(
    dialect: ServerDialect,
    config: DatabaseServerConfig,
    signal?: AbortSignal,
  ): Promise<ServerConnection> {
    await prepareServerSchema(dialect, config, signal);
    const reader = await connectToServer(dialect, config, 'read', signal);
    let connection: ServerConnection | null = null;
    try {
      const writer = await connectToServer(dialect, config, 'write', signal);
      const replica = config.replicaHost === null ? null : new ServerReplica(dialect, config);
      connection = new ServerConnection(dialect, reader, writer, replica);
      await connection.clock.compare();
      await Promise.all([connection.warmUp(Math.min(config.poolMax - 1, WARM_CONNECTIONS)), replica?.open()]);
      return connection;
    } catch (error) {
      await (connection === null ? reader.destroy() : connection.close());
      throw error;
    }
  }

  override read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.onConnection(
      async (runner) => (await runStatement(runner, this.server, sql, parameters)).rows,
    );
  }

  override now(): Date {
    return this.clock.now();
  }

  override async readReplica(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return (await this.replica?.read(sql, parameters)) ?? this.read(sql, parameters);
  }

  override schemaVersion(): Promise<number> {
    return readSchemaVersion(this.reader);
  }

  override transaction<T>(
    work: (sql: SqlExecutor) => Promise<T>,
    { oneMessage = false }: { readonly oneMessage?: boolean } = {},
  ): Promise<T> {
    const { runInOneMessage } = this.server;
    if (oneMessage && runInOneMessage !== undefined)
      return issueInOneMessage((statements) => runInOneMessage(this.writer, statements), work);
    return inServerTransaction(this.writer, this.server, work);
  }

  override async close(): Promise<void> {
    this.clock.close();
    // A pool waits for running statements, and an unavailable server would delay the stop.
    const closed = Promise.all([...[this.reader, this.writer].map(destroy), this.replica?.close()]);
    await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })]);
  }

  /** Failures are ignored: the server may allow the login fewer connections, and others are opened when needed. */
  private async warmUp(connections: number): Promise<void> {
    await Promise.allSettled(Array.from({ length: connections }, () => this.read('SELECT 1 AS ready', [])));
  }

  private async onConnection<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.reader.createQueryRunner();
    try {
      return await work(runner);
    } catch (error) {
      if (this.server.errorKind(error) === 'unavailable') await dropConnection(runner).catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

async function destroy(pool: DataSource): Promise<void> {
  if (!pool.isInitialized) return;
  try {
    await pool.destroy();
  } catch (error) {
    new Logger('Database').warn({ msg: 'The connections did not close well.', err: error });
  }
}
