import type { TableColumnOptions } from 'typeorm';
import type { ColumnTypes } from './column-types.js';

/**
 * The columns of `event_log`, after its generated `id`, as migration 0002 creates them, and of its archive as 0003 does.
 *
 * Frozen, like the migrations that use it. A new column is not added here, but in
 * `src/event-log/event-log.columns.ts` and in a new migration.
 */
export function eventLogColumns(types: ColumnTypes): TableColumnOptions[] {
  const { key, name, text, timestamp, integer } = types;
  return [
    { name: 'correlation_id', ...key(255) },
    { name: 'seq', ...integer },
    { name: 'event_key', ...key(36) },
    { name: 'step_name', ...key(255) },
    { name: 'status', ...key(50) },
    { name: 'http_method', ...key(10), isNullable: true },
    { name: 'endpoint', ...name(500), isNullable: true },
    { name: 'request_data', ...text, isNullable: true },
    { name: 'response_data', ...text, isNullable: true },
    { name: 'error_message', ...text, isNullable: true },
    { name: 'http_status_code', ...integer, isNullable: true },
    { name: 'batch_id', ...key(255), isNullable: true },
    { name: 'traceability_id', ...key(255), isNullable: true },
    { name: 'application_id', ...key(255), isNullable: true },
    { name: 'target_system', ...name(255), isNullable: true },
    { name: 'originating_system', ...name(255), isNullable: true },
    { name: 'process_name', ...name(255), isNullable: true },
    { name: 'step', ...integer, isNullable: true },
    { name: 'identifiers', ...text, isNullable: true },
    { name: 'result', ...text, isNullable: true },
    { name: 'metadata', ...text, isNullable: true },
    { name: 'execution_time', ...integer, isNullable: true },
    { name: 'created_at', ...timestamp },
  ];
}
