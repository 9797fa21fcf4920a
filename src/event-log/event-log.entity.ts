import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { columnTypesOf, indexName, type SchemaDialect } from '../../migrations/column-types.js';

/** A row of `event_log` as the database holds it. */
export class EventLogEntity {
  /** Text where the database's BIGINT does not fit a JavaScript number. */
  id: number | string = 0;
  correlationId = '';
  seq = 0;
  eventKey = '';
  stepName = '';
  status = '';
  httpMethod: string | null = null;
  endpoint: string | null = null;
  requestData: string | null = null;
  responseData: string | null = null;
  errorMessage: string | null = null;
  httpStatusCode: number | null = null;
  batchId: string | null = null;
  traceabilityId: string | null = null;
  applicationId: string | null = null;
  targetSystem: string | null = null;
  originatingSystem: string | null = null;
  processName: string | null = null;
  step: number | null = null;
  identifiers: string | null = null;
  result: string | null = null;
  metadata: string | null = null;
  executionTime: number | null = null;
  createdAt = new Date(0);
}

/** The columns of `event_log`; those of its archive, but for one. */
export function eventLogColumns(dialect: SchemaDialect): EntitySchemaOptions<EventLogEntity>['columns'] {
  const { key, name, text, timestamp, integer, generatedId } = columnTypesOf(dialect);
  return {
    id: { name: 'id', ...generatedId, primary: true, generated: 'increment' },
    correlationId: { name: 'correlation_id', ...key(255) },
    seq: { name: 'seq', ...integer },
    eventKey: { name: 'event_key', ...key(36) },
    stepName: { name: 'step_name', ...key(255) },
    status: { name: 'status', ...key(50) },
    httpMethod: { name: 'http_method', ...key(10), nullable: true },
    endpoint: { name: 'endpoint', ...name(500), nullable: true },
    requestData: { name: 'request_data', ...text, nullable: true },
    responseData: { name: 'response_data', ...text, nullable: true },
    errorMessage: { name: 'error_message', ...text, nullable: true },
    httpStatusCode: { name: 'http_status_code', ...integer, nullable: true },
    batchId: { name: 'batch_id', ...key(255), nullable: true },
    traceabilityId: { name: 'traceability_id', ...key(255), nullable: true },
    applicationId: { name: 'application_id', ...key(255), nullable: true },
    targetSystem: { name: 'target_system', ...name(255), nullable: true },
    originatingSystem: { name: 'originating_system', ...name(255), nullable: true },
    processName: { name: 'process_name', ...name(255), nullable: true },
    step: { name: 'step', ...integer, nullable: true },
    identifiers: { name: 'identifiers', ...text, nullable: true },
    result: { name: 'result', ...text, nullable: true },
    metadata: { name: 'metadata', ...text, nullable: true },
    executionTime: { name: 'execution_time', ...integer, nullable: true },
    createdAt: { name: 'created_at', ...timestamp },
  };
}

/**
 * The entity of `event_log`: one row for each attempt of each step, append-only.
 *
 * A schema rather than decorators, because the column types differ by dialect and a decorator is evaluated before the
 * dialect is known.
 */
export function eventLogEntity(dialect: SchemaDialect): EntitySchema<EventLogEntity> {
  const index = (indexed: string, columns: (keyof EventLogEntity)[], unique = false) => ({
    name: indexName(dialect, 'event_log', indexed),
    columns,
    unique,
  });
  const options = Object.assign(new EntitySchemaOptions<EventLogEntity>(), {
    name: 'EventLog',
    tableName: 'event_log',
    target: EventLogEntity,
    columns: eventLogColumns(dialect),
    indices: [
      index('idx_correlation_id', ['correlationId']),
      index('idx_created_at', ['createdAt']),
      index('idx_status', ['status']),
      index('idx_step_name', ['stepName']),
      index('uq_correlation_id_seq', ['correlationId', 'seq'], true),
      index('uq_event_key', ['eventKey'], true),
    ],
  });
  return new EntitySchema<EventLogEntity>(options);
}
