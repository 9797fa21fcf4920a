import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumn, addIndex, dropColumn, dropIndex } from './column-changes.js';
import type { ColumnTypes, SqlType } from './column-types.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 7;

const TABLES = ['process_store', 'process_store_archive'] as const;

/** The lengths of tenant and version tag are those of the engine's columns `TENANT_ID_` and `VERSION_TAG_`. */
const COLUMNS: readonly (readonly [name: string, typeOf: (types: ColumnTypes) => SqlType])[] = [
  ['tenant_id', ({ key }) => key(64)],
  ['version_tag', ({ key }) => key(64)],
  ['owner', ({ key }) => key(255)],
];

/**
 * Adds to `process_store` and its archive what chooses the definition of a start beside its key, `tenant_id` and
 * `version_tag`, and `owner`, who started the process. The index of owners holds only rows that have one.
 */
export class TenantAndOwner1796169600007 implements MigrationInterface {
  readonly name = 'TenantAndOwner1796169600007';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      for (const [column, typeOf] of COLUMNS) await addColumn(runner, table, column, typeOf);
    }
    await addIndex(
      runner,
      'process_store',
      'idx_owner_started_at',
      ['owner', 'started_at'],
      'owner IS NOT NULL',
    );
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    await dropIndex(runner, 'process_store', 'idx_owner_started_at');
    for (const table of TABLES) {
      for (const [column] of COLUMNS) await dropColumn(runner, table, column);
    }
  }
}
