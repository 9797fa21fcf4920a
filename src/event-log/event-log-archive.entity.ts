import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { columnTypesOf, indexName, type SchemaDialect } from '../../migrations/column-types.js';
import { type EventLogEntity, eventLogColumns } from './event-log.entity.js';

/**
 * A row of `event_log_archive` as the database holds it.
 *
 * No class of its own: TypeORM would give the archive what it knows of a class that it extends, indexes included.
 */
export type EventLogArchiveEntity = EventLogEntity & { archivedAt: Date };

/** The entity of `event_log_archive`: rows of `event_log` that retention has moved, as they were. */
export function eventLogArchiveEntity(dialect: SchemaDialect): EntitySchema<EventLogArchiveEntity> {
  const { key, timestamp, generatedId } = columnTypesOf(dialect);
  const options = Object.assign(new EntitySchemaOptions<EventLogArchiveEntity>(), {
    name: 'EventLogArchive',
    tableName: 'event_log_archive',
    columns: {
      ...eventLogColumns(dialect),
      // The number that the row had; places in a trail begin anew where an id is used again, so they are no key here.
      id: { name: 'id', ...generatedId },
      eventKey: { name: 'event_key', ...key(36), primary: true },
      archivedAt: { name: 'archived_at', ...timestamp },
    },
    indices: [
      {
        name: indexName(dialect, 'event_log_archive', 'idx_correlation_id_seq'),
        columns: ['correlationId', 'seq'],
      },
    ],
  });
  return new EntitySchema<EventLogArchiveEntity>(options);
}
