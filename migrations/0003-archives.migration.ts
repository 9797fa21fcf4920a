import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { eventLogColumns } from './0002-event-log.columns.js';
import { withPrimaryKey } from './primary-key.js';
import { processStoreColumns } from './0001-process-store.columns.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 3;

/** Creates `process_store_archive` and `event_log_archive`, into which retention moves old rows. */
export class Archives1795219200003 implements MigrationInterface {
  readonly name = 'Archives1795219200003';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const types = columnTypesOf(dialect);
    const archivedAt = { name: 'archived_at', ...types.timestamp };
    await runner.createTable(
      new Table({
        name: 'process_store_archive',
        columns: [
          // An id that was archived is free, and may be archived again.
          ...withPrimaryKey(processStoreColumns(types), 'correlation_id', 'claim_id'),
          archivedAt,
        ],
      }),
    );
    const table = new Table({
      name: 'event_log_archive',
      columns: [
        { name: 'id', ...types.generatedId },
        ...withPrimaryKey(eventLogColumns(types), 'event_key'),
        archivedAt,
      ],
    });
    await runner.createTable(table);
    await runner.createIndex(
      table,
      new TableIndex({
        name: indexName(dialect, 'event_log_archive', 'idx_correlation_id_seq'),
        columnNames: ['correlation_id', 'seq'],
      }),
    );
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('event_log_archive');
    await runner.dropTable('process_store_archive');
  }
}
