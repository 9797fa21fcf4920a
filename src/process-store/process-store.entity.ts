import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { columnTypesOf, indexName, type SchemaDialect } from '../../migrations/column-types.js';

/** A row of `process_store` as the database holds it. */
export class ProcessStoreEntity {
  correlationId = '';
  processKey: string | null = null;
  processInstanceId: string | null = null;
  status = '';
  data: string | null = null;
  error: string | null = null;
  errorCode: string | null = null;
  version = 0;
  startedAt = new Date(0);
  updatedAt = new Date(0);
  requestHash: string | null = null;
  claimId = '';
  variables: string | null = null;
  startOwner: string | null = null;
  startLeaseUntil: Date | null = null;
  startAttempts = 0;
  startLastAttemptAt: Date | null = null;
  startNextAt: Date | null = null;
  cancelRequestedAt: Date | null = null;
  joined = 0;
  outcomeStep: string | null = null;
  batchId: string | null = null;
  traceabilityId: string | null = null;
  applicationId: string | null = null;
  outcomeOrigin: string | null = null;
}

/** The columns of `process_store`; those of its archive, but for one. */
export function processStoreColumns(
  dialect: SchemaDialect,
): EntitySchemaOptions<ProcessStoreEntity>['columns'] {
  const { key, text, timestamp, integer, flag } = columnTypesOf(dialect);
  return {
    correlationId: { name: 'correlation_id', ...key(255), primary: true },
    processKey: { name: 'process_key', ...key(255), nullable: true },
    processInstanceId: { name: 'process_instance_id', ...key(64), nullable: true },
    status: { name: 'status', ...key(50) },
    data: { name: 'data', ...text, nullable: true },
    error: { name: 'error', ...text, nullable: true },
    errorCode: { name: 'error_code', ...key(255), nullable: true },
    version: { name: 'version', ...integer },
    startedAt: { name: 'started_at', ...timestamp },
    updatedAt: { name: 'updated_at', ...timestamp },
    requestHash: { name: 'request_hash', ...key(64), nullable: true },
    claimId: { name: 'claim_id', ...key(36) },
    variables: { name: 'variables', ...text, nullable: true },
    startOwner: { name: 'start_owner', ...key(255), nullable: true },
    startLeaseUntil: { name: 'start_lease_until', ...timestamp, nullable: true },
    startAttempts: { name: 'start_attempts', ...integer },
    startLastAttemptAt: { name: 'start_last_attempt_at', ...timestamp, nullable: true },
    startNextAt: { name: 'start_next_at', ...timestamp, nullable: true },
    cancelRequestedAt: { name: 'cancel_requested_at', ...timestamp, nullable: true },
    joined: { name: 'joined', ...flag },
    outcomeStep: { name: 'outcome_step', ...key(255), nullable: true },
    batchId: { name: 'batch_id', ...key(255), nullable: true },
    traceabilityId: { name: 'traceability_id', ...key(255), nullable: true },
    applicationId: { name: 'application_id', ...key(255), nullable: true },
    outcomeOrigin: { name: 'outcome_origin', ...key(32), nullable: true },
  };
}

/**
 * The entity of `process_store`: one row for each process, its current state.
 *
 * A schema rather than decorators, because the column types differ by dialect and a decorator is evaluated before the
 * dialect is known.
 */
export function processStoreEntity(dialect: SchemaDialect): EntitySchema<ProcessStoreEntity> {
  const index = (name: string, columns: (keyof ProcessStoreEntity)[], where?: string) => ({
    name: indexName(dialect, 'process_store', name),
    columns,
    ...(where === undefined ? {} : { where }),
  });
  const options = Object.assign(new EntitySchemaOptions<ProcessStoreEntity>(), {
    name: 'ProcessStore',
    tableName: 'process_store',
    target: ProcessStoreEntity,
    columns: processStoreColumns(dialect),
    indices: [
      index('idx_status', ['status']),
      index('idx_updated_at', ['updatedAt']),
      index('idx_started_at_correlation_id', ['startedAt', 'correlationId']),
      index('idx_status_started_at', ['status', 'startedAt']),
      index('idx_process_key_started_at', ['processKey', 'startedAt']),
      index('idx_start_next_at', ['startNextAt'], 'start_next_at IS NOT NULL'),
      index(
        'idx_open_error_started_at',
        ['errorCode', 'startedAt'],
        "error_code IN ('INCIDENT','ENDED_WITHOUT_RESULT')",
      ),
    ],
  });
  return new EntitySchema<ProcessStoreEntity>(options);
}
