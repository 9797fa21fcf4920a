import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { columnTypesOf, type SchemaDialect } from '../../migrations/column-types.js';
import { type ProcessStoreEntity, processStoreColumns } from './process-store.entity.js';

/**
 * A row of `process_store_archive` as the database holds it.
 *
 * No class of its own: TypeORM would give the archive what it knows of a class that it extends, indexes included.
 */
export type ProcessStoreArchiveEntity = ProcessStoreEntity & { archivedAt: Date };

/** The entity of `process_store_archive`: rows of `process_store` that retention has moved, as they were. */
export function processStoreArchiveEntity(dialect: SchemaDialect): EntitySchema<ProcessStoreArchiveEntity> {
  const { key, timestamp } = columnTypesOf(dialect);
  const options = Object.assign(new EntitySchemaOptions<ProcessStoreArchiveEntity>(), {
    name: 'ProcessStoreArchive',
    tableName: 'process_store_archive',
    columns: {
      ...processStoreColumns(dialect),
      // An id that was archived is free, and may be archived again.
      claimId: { name: 'claim_id', ...key(36), primary: true },
      archivedAt: { name: 'archived_at', ...timestamp },
    },
  });
  return new EntitySchema<ProcessStoreArchiveEntity>(options);
}
