import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 1;

/** Creates `schema_version` and `process_store`. */
export class ProcessStore1763683200001 implements MigrationInterface {
  readonly name = 'ProcessStore1763683200001';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const { key, text, timestamp, integer, flag } = columnTypesOf(dialect);
    await runner.createTable(
      new Table({
        name: 'schema_version',
        columns: [
          { name: 'version', ...integer, isPrimary: true },
          { name: 'applied_at', ...timestamp },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'process_store',
        columns: [
          { name: 'correlation_id', ...key(255), isPrimary: true },
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
        ],
      }),
    );
    const index = (name: string, columnNames: string[], where?: string) =>
      runner.createIndex(
        'process_store',
        new TableIndex({
          name: indexName(dialect, 'process_store', name),
          columnNames,
          ...(where === undefined ? {} : { where }),
        }),
      );
    await index('idx_status', ['status']);
    await index('idx_updated_at', ['updated_at']);
    await index('idx_started_at_correlation_id', ['started_at', 'correlation_id']);
    await index('idx_status_started_at', ['status', 'started_at']);
    await index('idx_process_key_started_at', ['process_key', 'started_at']);
    // Few rows are ever in these two, so they cost next to nothing to keep.
    await index('idx_start_next_at', ['start_next_at'], 'start_next_at IS NOT NULL');
    await index(
      'idx_open_error_started_at',
      ['error_code', 'started_at'],
      "error_code IN ('INCIDENT','ENDED_WITHOUT_RESULT')",
    );
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('process_store');
    await runner.dropTable('schema_version');
  }
}
