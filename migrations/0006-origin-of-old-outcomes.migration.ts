import type { MigrationInterface, QueryRunner } from 'typeorm';
import { quotedPath } from './column-changes.js';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = 6;

/**
 * Older rows have only the code and the step that reported the outcome. A cancel, an expiry, an end without a result and a
 * rejected start have no step, and HTTP refused their codes. So a row with a step comes from the step, whatever its code.
 * An incident has a step too: a handler that chose the code `INCIDENT` cannot be distinguished from it.
 */
const ORIGIN =
  "CASE WHEN error_code = 'INCIDENT' THEN 'incident' " +
  "WHEN outcome_step IS NOT NULL THEN 'step' " +
  "WHEN error_code = 'ENDED_WITHOUT_RESULT' THEN 'no-result' " +
  "WHEN error_code = 'CANCELLED' THEN 'cancel' " +
  "WHEN error_code = 'EXPIRED' THEN 'expiry' " +
  "WHEN error_code = 'START_REJECTED' THEN 'start-rejected' " +
  "ELSE 'http' END";

/**
 * Fills `outcome_origin` of rows that have an outcome. A separate migration, so that the lock on the whole table, which
 * adding the column takes, is released before.
 */
export class OriginOfOldOutcomes1796083200006 implements MigrationInterface {
  readonly name = 'OriginOfOldOutcomes1796083200006';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['process_store', 'process_store_archive']) {
      await runner.query(
        `UPDATE ${quotedPath(runner.dataSource, table)} SET outcome_origin = ${ORIGIN} ` +
          "WHERE status <> 'pending' AND outcome_origin IS NULL",
      );
    }
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Reverting the previous migration drops the column.
    await forgetVersion(runner, VERSION);
  }
}
