import type { TableColumnOptions } from 'typeorm';
import type { ColumnTypes } from './column-types.js';

/**
 * The columns of `process_store` as migration 0001 creates them, and of its archive as 0003 does.
 *
 * Frozen, like the migrations that use it. A new column is not added here, but in
 * `src/process-store/process-store.columns.ts` and in a new migration.
 */
export function processStoreColumns(types: ColumnTypes): TableColumnOptions[] {
  const { key, text, timestamp, integer, flag } = types;
  return [
    { name: 'correlation_id', ...key(255) },
    { name: 'process_key', ...key(255), isNullable: true },
    { name: 'process_instance_id', ...key(64), isNullable: true },
    { name: 'status', ...key(50) },
    { name: 'data', ...text, isNullable: true },
    { name: 'error', ...text, isNullable: true },
    { name: 'error_code', ...key(255), isNullable: true },
    { name: 'version', ...integer },
    { name: 'started_at', ...timestamp },
    { name: 'updated_at', ...timestamp },
    { name: 'request_hash', ...key(64), isNullable: true },
    { name: 'claim_id', ...key(36) },
    { name: 'variables', ...text, isNullable: true },
    { name: 'start_owner', ...key(255), isNullable: true },
    { name: 'start_lease_until', ...timestamp, isNullable: true },
    { name: 'start_attempts', ...integer },
    { name: 'start_last_attempt_at', ...timestamp, isNullable: true },
    { name: 'start_next_at', ...timestamp, isNullable: true },
    { name: 'cancel_requested_at', ...timestamp, isNullable: true },
    { name: 'joined', ...flag },
    { name: 'outcome_step', ...key(255), isNullable: true },
    { name: 'batch_id', ...key(255), isNullable: true },
    { name: 'traceability_id', ...key(255), isNullable: true },
    { name: 'application_id', ...key(255), isNullable: true },
  ];
}
