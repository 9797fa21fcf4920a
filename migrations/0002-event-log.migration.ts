import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 2;

/** Creates `event_log`. */
export class EventLog1763683200002 implements MigrationInterface {
  readonly name = 'EventLog1763683200002';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const { key, name, text, timestamp, integer, generatedId } = columnTypesOf(dialect);
    await runner.createTable(
      new Table({
        name: 'event_log',
        columns: [
          { name: 'id', ...generatedId, isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
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
        ],
      }),
    );
    const index = (indexed: string, columnNames: string[], isUnique = false) =>
      runner.createIndex(
        'event_log',
        new TableIndex({ name: indexName(dialect, 'event_log', indexed), columnNames, isUnique }),
      );
    await index('idx_correlation_id', ['correlation_id']);
    await index('idx_created_at', ['created_at']);
    await index('idx_status', ['status']);
    await index('idx_step_name', ['step_name']);
    await index('uq_correlation_id_seq', ['correlation_id', 'seq'], true);
    await index('uq_event_key', ['event_key'], true);
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('event_log');
  }
}
