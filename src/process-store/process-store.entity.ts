import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { indexName, type SchemaDialect } from '../../migrations/column-types.js';
import { entityColumns, timestamp, type ValuesOf } from '../common/columns/index.js';
import { PROCESS_STORE_COLUMNS } from './process-store.columns.js';

const ARCHIVE_COLUMNS = { ...PROCESS_STORE_COLUMNS, archivedAt: timestamp('archived_at') };

type ProcessStoreRow = ValuesOf<typeof PROCESS_STORE_COLUMNS>;
type ProcessStoreArchiveRow = ValuesOf<typeof ARCHIVE_COLUMNS>;

/**
 * The entity of `process_store`: one row for each process, its current state.
 *
 * A schema rather than decorators, because the column types differ by dialect and a decorator is evaluated before the
 * dialect is known.
 */
export function processStoreEntity(dialect: SchemaDialect): EntitySchema<ProcessStoreRow> {
  const columns = entityColumns(PROCESS_STORE_COLUMNS, dialect);
  const index = (name: string, indexed: (keyof ProcessStoreRow)[], where?: string) => ({
    name: indexName(dialect, 'process_store', name),
    columns: indexed,
    ...(where === undefined ? {} : { where }),
  });
  const options = Object.assign(new EntitySchemaOptions<ProcessStoreRow>(), {
    name: 'ProcessStore',
    tableName: 'process_store',
    columns: { ...columns, correlationId: { ...columns.correlationId, primary: true } },
    indices: [
      index('idx_status', ['status']),
      index('idx_updated_at', ['updatedAt']),
      index('idx_started_at_correlation_id', ['startedAt', 'correlationId']),
      index('idx_status_started_at', ['status', 'startedAt']),
      index('idx_process_key_started_at', ['processKey', 'startedAt']),
      index('idx_owner_started_at', ['owner', 'startedAt'], 'owner IS NOT NULL'),
      index('idx_start_next_at', ['startNextAt'], 'start_next_at IS NOT NULL'),
      index(
        'idx_open_error_started_at',
        ['errorCode', 'startedAt'],
        "error_code IN ('INCIDENT','ENDED_WITHOUT_RESULT')",
      ),
    ],
  });
  return new EntitySchema<ProcessStoreRow>(options);
}

/** The entity of `process_store_archive`: rows of `process_store` that retention has moved, unchanged. */
export function processStoreArchiveEntity(dialect: SchemaDialect): EntitySchema<ProcessStoreArchiveRow> {
  const columns = entityColumns(ARCHIVE_COLUMNS, dialect);
  const options = Object.assign(new EntitySchemaOptions<ProcessStoreArchiveRow>(), {
    name: 'ProcessStoreArchive',
    tableName: 'process_store_archive',
    columns: {
      ...columns,
      // An id that was archived is free, and may be archived again.
      correlationId: { ...columns.correlationId, primary: true },
      claimId: { ...columns.claimId, primary: true },
    },
  });
  return new EntitySchema<ProcessStoreArchiveRow>(options);
}
