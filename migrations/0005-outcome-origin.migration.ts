import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumn, dropColumn } from './column-changes.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 5;

const TABLES = ['process_store', 'process_store_archive'] as const;

/** Adds `outcome_origin`, what set the outcome of a process, to `process_store` and its archive. */
export class OutcomeOrigin1796083200005 implements MigrationInterface {
  readonly name = 'OutcomeOrigin1796083200005';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await addColumn(runner, table, 'outcome_origin', ({ key }) => key(32));
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
    for (const table of TABLES) await dropColumn(runner, table, 'outcome_origin');
  }
}
