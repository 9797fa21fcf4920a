import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { withPrimaryKey } from './primary-key.js';
import { processStoreColumns } from './0001-process-store.columns.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 1;

/** Creates `schema_version` and `process_store`. */
export class ProcessStore1763683200001 implements MigrationInterface {
  readonly name = 'ProcessStore1763683200001';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const types = columnTypesOf(dialect);
    await runner.createTable(
      new Table({
        name: 'schema_version',
        columns: [
          { name: 'version', ...types.integer, isPrimary: true },
          { name: 'applied_at', ...types.timestamp },
        ],
      }),
    );
    const table = new Table({
      name: 'process_store',
      columns: withPrimaryKey(processStoreColumns(types), 'correlation_id'),
    });
    await runner.createTable(table);
    const index = (name: string, columnNames: string[], where?: string) =>
      runner.createIndex(
        table,
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
    // These two indexes hold few rows, so they cost almost nothing.
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
