import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { indexName, type SchemaDialect } from '../../migrations/column-types.js';
import { entityColumns, timestamp, type ValuesOf } from '../common/columns/index.js';
import { EVENT_LOG_COLUMNS, type StoredEvent } from './event-log.columns.js';

const ARCHIVE_COLUMNS = { ...EVENT_LOG_COLUMNS, archivedAt: timestamp('archived_at') };

type ArchivedEvent = ValuesOf<typeof ARCHIVE_COLUMNS>;

/**
 * The entity of `event_log`: one row for each attempt of each step, append-only.
 *
 * A schema rather than decorators, because the column types differ by dialect and a decorator is evaluated before the
 * dialect is known.
 */
export function eventLogEntity(dialect: SchemaDialect): EntitySchema<StoredEvent> {
  const columns = entityColumns(EVENT_LOG_COLUMNS, dialect);
  const index = (indexed: string, properties: (keyof StoredEvent)[], unique = false) => ({
    name: indexName(dialect, 'event_log', indexed),
    columns: properties,
    unique,
  });
  const options = Object.assign(new EntitySchemaOptions<StoredEvent>(), {
    name: 'EventLog',
    tableName: 'event_log',
    columns: { ...columns, id: { ...columns.id, primary: true, generated: 'increment' as const } },
    indices: [
      index('idx_correlation_id', ['correlationId']),
      index('idx_created_at', ['createdAt']),
      index('idx_status', ['status']),
      index('idx_step_name', ['stepName']),
      index('uq_correlation_id_seq', ['correlationId', 'seq'], true),
      index('uq_event_key', ['eventKey'], true),
    ],
  });
  return new EntitySchema<StoredEvent>(options);
}

/**
 * The entity of `event_log_archive`: rows of `event_log` that retention has moved, unchanged. `id` is the number that the
 * row had. Places in a trail begin again if an id is used again, so they are not a key here.
 */
export function eventLogArchiveEntity(dialect: SchemaDialect): EntitySchema<ArchivedEvent> {
  const columns = entityColumns(ARCHIVE_COLUMNS, dialect);
  const options = Object.assign(new EntitySchemaOptions<ArchivedEvent>(), {
    name: 'EventLogArchive',
    tableName: 'event_log_archive',
    columns: { ...columns, eventKey: { ...columns.eventKey, primary: true } },
    indices: [
      {
        name: indexName(dialect, 'event_log_archive', 'idx_correlation_id_seq'),
        columns: ['correlationId', 'seq'],
      },
    ],
  });
  return new EntitySchema<ArchivedEvent>(options);
}
