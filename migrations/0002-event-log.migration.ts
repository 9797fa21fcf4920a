import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { eventLogColumns } from './0002-event-log.columns.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 2;

/** Creates `event_log`. */
export class EventLog1763683200002 implements MigrationInterface {
  readonly name = 'EventLog1763683200002';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const types = columnTypesOf(dialect);
    const table = new Table({
      name: 'event_log',
      columns: [
        {
          name: 'id',
          ...types.generatedId,
          isPrimary: true,
          isGenerated: true,
          generationStrategy: 'increment',
        },
        ...eventLogColumns(types),
      ],
    });
    await runner.createTable(table);
    const index = (indexed: string, columnNames: string[], isUnique = false) =>
      runner.createIndex(
        table,
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
