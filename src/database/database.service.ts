import { Injectable } from '@nestjs/common';
import { DatabaseConnection } from './database.connection.js';
import { DatabaseUnavailableError } from './database.errors.js';
import type { SqlDialect, SqlRow, SqlValue } from './sql.dialect.js';

/** Tries of a read that conflicts with another transaction: a deadlock on a server whose readers lock. */
const READ_TRIES = 5;

/** Reads of the database. They see only committed state, also while a group of writes is open. */
@Injectable()
export class DatabaseService {
  constructor(private readonly connection: DatabaseConnection) {}

  get dialect(): SqlDialect {
    return this.connection.dialect;
  }

  /**
   * The rows of a SELECT.
   *
   * @param sql with `?` for each parameter
   * @throws DatabaseUnavailableError if the database is unavailable or busy
   */
  read(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.repeated(() => this.connection.read(sql, parameters));
  }

  /** True if {@link readReplica} may return older rows than {@link read}. */
  get hasReplica(): boolean {
    return this.connection.hasReplica;
  }

  /**
   * The rows of a SELECT as the server of `DB_READ_ONLY_HOST` has them, otherwise those of {@link read}. They may be older
   * than an answer that a client has: use them to find ids only.
   *
   * @throws DatabaseUnavailableError if the database is unavailable or busy
   */
  readReplica(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.repeated(() => this.connection.readReplica(sql, parameters));
  }

  private async repeated(read: () => Promise<readonly SqlRow[]>): Promise<readonly SqlRow[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await read();
      } catch (error) {
        const kind = this.dialect.errorKind(error);
        if (kind === 'contended' && tries < READ_TRIES) continue;
        if (kind === 'contended' || kind === 'unavailable') throw new DatabaseUnavailableError(error);
        throw error;
      }
    }
  }

  /**
   * True for the first call if a lock excludes all other processes from this database: earlier users no longer run.
   */
  takeSoleUse(): boolean {
    return this.connection.takeSoleUse();
  }

  /**
   * The time by the clock of the database, to about the duration of a query. Times in rows are compared with this one: the
   * clocks of instances differ.
   */
  now(): Date {
    return this.connection.now();
  }

  /** True if the database answers a query now. */
  async isHealthy(): Promise<boolean> {
    try {
      await this.read('SELECT MAX(version) AS version FROM schema_version');
      return true;
    } catch {
      return false;
    }
  }

  /** The schema version of the database: the number of migrations applied. */
  schemaVersion(): Promise<number> {
    return this.connection.schemaVersion();
  }
}
