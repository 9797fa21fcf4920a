import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { addColumn, dropColumn } from './column-changes.js';
import { columnTypesOf, indexName, schemaDialectOf } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 8;
const PROCESS_TABLES = ['process_store', 'process_store_archive'] as const;

/**
 * Creates `process_message`, the messages with an id of their own, and adds `start_message`, the message that starts a
 * process, to `process_store` and its archive.
 */
export class ProcessMessage1796169600008 implements MigrationInterface {
  readonly name = 'ProcessMessage1796169600008';

  async up(runner: QueryRunner): Promise<void> {
    const dialect = schemaDialectOf(runner.dataSource.options.type);
    const types = columnTypesOf(dialect);
    for (const table of PROCESS_TABLES) await addColumn(runner, table, 'start_message', ({ text }) => text);
    const table = new Table({
      name: 'process_message',
      columns: [
        { name: 'message_id', ...types.key(255), isPrimary: true },
        { name: 'request_hash', ...types.key(64) },
        { name: 'claim_id', ...types.key(36) },
        { name: 'state', ...types.key(16) },
        { name: 'correlation_id', ...types.key(255) },
        { name: 'process_instance_id', ...types.key(64), isNullable: true },
        { name: 'lease_owner', ...types.key(255), isNullable: true },
        { name: 'lease_until', ...types.timestamp, isNullable: true },
        { name: 'last_attempt_at', ...types.timestamp, isNullable: true },
        { name: 'created_at', ...types.timestamp },
      ],
    });
    await runner.createTable(table);
    await runner.createIndex(
      table,
      new TableIndex({
        name: indexName(dialect, 'process_message', 'idx_created_at'),
        columnNames: ['created_at'],
      }),
    );
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('process_message');
    for (const table of PROCESS_TABLES) await dropColumn(runner, table, 'start_message');
  }
}
