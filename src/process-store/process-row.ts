import { namesOf, omit, pick, rowReader } from '../common/columns/index.js';
import type { SqlDialect, SqlRow } from '../database/index.js';
import { knownStatus, originOf } from './outcome-origin.js';
import type { ListedProcess, ProcessRecord } from './process-record.js';
import { PROCESS_STORE_COLUMNS, RECORD_COLUMNS } from './process-store.columns.js';

const IDENTITY = pick(
  PROCESS_STORE_COLUMNS,
  'correlationId',
  'processKey',
  'processInstanceId',
  'startedAt',
  'claimId',
);

const OWNERSHIP = pick(PROCESS_STORE_COLUMNS, 'processKey', 'owner');

const SHOWN = pick(
  PROCESS_STORE_COLUMNS,
  'correlationId',
  'processKey',
  'status',
  'error',
  'errorCode',
  'startedAt',
  'updatedAt',
);

/**
 * The columns of a `ProcessIdentity`. All of them stand before `variables` in the table: SQLite reads all of a long text
 * that stands before a column that a statement names.
 */
export const IDENTITY_COLUMNS = namesOf(IDENTITY);

/** The columns of a `ProcessOwnership`. */
export const OWNERSHIP_COLUMNS = namesOf(OWNERSHIP);

/** The columns of a `ProcessHead`: none of them is long. */
export const HEAD_COLUMNS = namesOf(omit(RECORD_COLUMNS, 'data', 'error'));

/** The columns of a `ProcessRecord`. */
export const COLUMNS = namesOf(RECORD_COLUMNS);

/** The columns of a `ShownProcess` except `data`, which a list may leave out, and whether there is `data`. */
export const SHOWN_COLUMNS = `${namesOf(SHOWN)}, CASE WHEN data IS NULL THEN 0 ELSE 1 END AS has_data`;

const readShown = rowReader({ ...SHOWN, data: PROCESS_STORE_COLUMNS.data });
const readRecord = rowReader(RECORD_COLUMNS);

/** Makes a `ProcessIdentity` of a row that has the {@link IDENTITY_COLUMNS}. */
export const identityOf = rowReader(IDENTITY);

/** Makes a `ProcessOwnership` of a row that has the {@link OWNERSHIP_COLUMNS}. */
export const ownershipOf = rowReader(OWNERSHIP);

/** Makes the item of a list of a row that has the {@link SHOWN_COLUMNS}, and perhaps `data`. */
export function listedOf(row: SqlRow, dialect: SqlDialect): ListedProcess {
  const shown = readShown(row, dialect);
  return { hasData: row.has_data === 1, ...shown, status: knownStatus(shown.status) };
}

/** Makes a record of a row that has the {@link COLUMNS}, or of one that has the {@link HEAD_COLUMNS} only. */
export function recordOf(row: SqlRow, dialect: SqlDialect): ProcessRecord {
  const record = readRecord(row, dialect);
  const status = knownStatus(record.status);
  const outcomeOrigin = originOf({ ...record, status });
  return outcomeOrigin === record.outcomeOrigin && status === record.status
    ? record
    : { ...record, status, outcomeOrigin };
}
