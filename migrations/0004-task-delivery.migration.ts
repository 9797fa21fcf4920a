import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { columnTypesOf, schemaDialectOf } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 4;

/** Creates `task_delivery`, the external tasks that were running when a process of the service died. */
export class TaskDelivery1795996800004 implements MigrationInterface {
  readonly name = 'TaskDelivery1795996800004';

  async up(runner: QueryRunner): Promise<void> {
    const types = columnTypesOf(schemaDialectOf(runner.dataSource.options.type));
    await runner.createTable(
      new Table({
        name: 'task_delivery',
        columns: [
          { name: 'task_id', ...types.key(64), isPrimary: true },
          { name: 'topic', ...types.key(255) },
          { name: 'deaths', ...types.integer },
          { name: 'last_life', ...types.key(36) },
          { name: 'updated_at', ...types.timestamp },
        ],
      }),
    );
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await runner.dropTable('task_delivery');
  }
}
