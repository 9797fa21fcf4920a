import { placeholders, type SqlDialect, type SqlStatement } from '../database/index.js';
import { COLUMNS } from './process-row.js';

/** What is forgotten once a start is resolved. */
export const START_DONE = 'variables = NULL, start_owner = NULL, start_lease_until = NULL';
export const START_RESOLVED = `${START_DONE}, start_next_at = NULL`;

/** How long after its wish, or after its start was resolved, an unfinished cancel falls due for the reconciler. */
export const CANCEL_DUE_MS = 2_000;

/** Reads the rows of ids. */
export function selectByIds(...correlationIds: readonly string[]): SqlStatement {
  return {
    sql: `SELECT ${COLUMNS} FROM process_store WHERE correlation_id IN ${placeholders(correlationIds.length)}`,
    parameters: correlationIds,
  };
}

/** Changes rows, and reads them as the change leaves them. */
export function updateRow(dialect: SqlDialect, set: string, where: string): string {
  return dialect.update({ table: 'process_store', set, where, returning: COLUMNS });
}
