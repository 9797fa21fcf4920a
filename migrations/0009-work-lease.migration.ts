import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { addColumn, dropColumn } from './column-changes.js';
import { columnTypesOf, schemaDialectOf } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 9;
const PROCESS_TABLES = ['process_store', 'process_store_archive'] as const;

/**
 * Creates `work_lease`, the leases of work that one instance does for all, and adds `start_fence`, the number of the lease
 * of a start, to `process_store` and its archive. Adds to `schema_version` which older versions of the service still run on
 * a schema.
 */
export class WorkLease1796256000009 implements MigrationInterface {
  readonly name = 'WorkLease1796256000009';

  async up(runner: QueryRunner): Promise<void> {
    const types = columnTypesOf(schemaDialectOf(runner.dataSource.options.type));
    for (const table of PROCESS_TABLES)
      await addColumn(runner, table, 'start_fence', ({ integer }) => integer);
    await addColumn(runner, 'schema_version', 'compatible_with', ({ integer }) => integer);
    await runner.createTable(
      new Table({
        name: 'work_lease',
        columns: [
          { name: 'name', ...types.key(64), isPrimary: true },
          { name: 'owner', ...types.key(255), isNullable: true },
          { name: 'fence', ...types.integer },
          { name: 'lease_until', ...types.timestamp, isNullable: true },
        ],
      }),
    );
    await recordVersion(runner, VERSION, 8);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('work_lease');
    await dropColumn(runner, 'schema_version', 'compatible_with');
    for (const table of PROCESS_TABLES) await dropColumn(runner, table, 'start_fence');
  }
}
