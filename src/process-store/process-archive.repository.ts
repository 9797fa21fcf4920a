import { Injectable } from '@nestjs/common';
import { namesOf } from '../common/columns/index.js';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlRow,
} from '../database/index.js';
import { IS_NOT_OPEN_ERROR } from './outcome-origin.js';
import { PROCESS_STORE_COLUMNS } from './process-store.columns.js';

/** The columns that `process_store` and its archive have in common. */
const ARCHIVED_COLUMNS = namesOf(PROCESS_STORE_COLUMNS);

/** A row that has not changed for long. */
export interface OldProcess {
  readonly correlationId: string;
  readonly updatedAt: Date;
  /** True if it is final and no work is left to do in the engine. */
  readonly isRemovable: boolean;
}

/** Ids in one query for existing rows. */
const LOOK_BATCH = 500;

/** Final rows with no work left to do in the engine. */
const REMOVABLE = `status IN ('ok','error') AND start_next_at IS NULL AND ${IS_NOT_OPEN_ERROR}`;

/** The statements of retention for `process_store` and `process_store_archive`. Writes run inside the write queue. */
@Injectable()
export class ProcessArchiveRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
  }

  /**
   * Rows whose last change was before a time, oldest first, after the one that `after` names.
   *
   * Includes those that may not be removed: excluding them in the statement would let one read scan all that stay,
   * however many.
   */
  async findOlderThan(before: Date, after: OldProcess | null, limit: number): Promise<readonly OldProcess[]> {
    const { time, readTime } = this.dialect;
    // The first condition is redundant, but it lets the database seek in the index.
    const from = after === null ? '' : 'AND updated_at >= ? AND (updated_at > ? OR correlation_id > ?) ';
    const start = after === null ? [] : [time(after.updatedAt), time(after.updatedAt), after.correlationId];
    const rows = await this.database.read(
      `SELECT correlation_id, updated_at, CASE WHEN ${REMOVABLE} THEN 1 ELSE 0 END AS is_removable ` +
        `FROM process_store WHERE updated_at < ? ${from}` +
        `ORDER BY updated_at, correlation_id${this.dialect.limit}`,
      [time(before), ...start, limit],
    );
    return rows.map((row) => ({
      correlationId: row.correlation_id as string,
      updatedAt: readTime(row.updated_at),
      isRemovable: row.is_removable === 1,
    }));
  }

  /** The ids that have a committed row. */
  async findExisting(correlationIds: readonly string[]): Promise<ReadonlySet<string>> {
    const batches = inBatches(correlationIds, 1, Math.min(this.dialect.maxParameters, LOOK_BATCH));
    const found = await Promise.all(batches.map((batch) => this.database.read(existing(batch), batch)));
    return idsOf(found.flat());
  }

  /** The ids that have a row, as the transaction sees it. */
  async existing(sql: SqlExecutor, correlationIds: readonly string[]): Promise<ReadonlySet<string>> {
    const batches = inBatches(correlationIds, 1, this.dialect.maxParameters);
    const found = await Promise.all(batches.map((batch) => sql.query(existing(batch), batch)));
    return idsOf(found.flat());
  }

  /**
   * Locks the rows that are still old and removable until the transaction ends, by an update that changes nothing.
   * Another instance that wants them waits here, and then finds none.
   *
   * @returns their ids
   */
  async lockRemovable(
    sql: SqlExecutor,
    correlationIds: readonly string[],
    before: Date,
  ): Promise<readonly string[]> {
    const rows = await sql.query(
      this.dialect.update({
        table: 'process_store',
        set: 'joined = joined',
        where: `correlation_id IN ${placeholders(correlationIds.length)} AND updated_at < ? AND ${REMOVABLE}`,
        returning: 'correlation_id',
      }),
      [...correlationIds, this.dialect.time(before)],
    );
    return rows.map((row) => row.correlation_id as string);
  }

  /** Copies rows to the archive unchanged. */
  async archive(sql: SqlExecutor, correlationIds: readonly string[], archivedAt: Date): Promise<void> {
    await sql.execute(
      `INSERT INTO process_store_archive (${ARCHIVED_COLUMNS}, archived_at) SELECT ${ARCHIVED_COLUMNS}, ? FROM process_store ` +
        `WHERE correlation_id IN ${placeholders(correlationIds.length)}`,
      [this.dialect.time(archivedAt), ...correlationIds],
    );
  }

  /** Deletes rows that the transaction has locked. Their ids are free then. */
  async remove(sql: SqlExecutor, correlationIds: readonly string[]): Promise<void> {
    await sql.execute(
      `DELETE FROM process_store WHERE correlation_id IN ${placeholders(correlationIds.length)}`,
      correlationIds,
    );
  }
}

function existing(correlationIds: readonly string[]): string {
  return `SELECT correlation_id FROM process_store WHERE correlation_id IN ${placeholders(correlationIds.length)}`;
}

function idsOf(rows: readonly SqlRow[]): ReadonlySet<string> {
  return new Set(rows.map((row) => row.correlation_id as string));
}
