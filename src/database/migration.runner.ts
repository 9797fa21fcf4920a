import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { SCHEMA_VERSION } from '../../migrations/index.js';
import { tablePath } from '../../migrations/schema-version.js';
import { DatabaseStartError } from './database.errors.js';

/** The schema version of a database: 0 if no migration was ever applied. */
export async function readSchemaVersion(dataSource: DataSource): Promise<number> {
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await runner.hasTable('schema_version'))) return 0;
    const row = await runner.manager
      .createQueryBuilder()
      .select('MAX(applied.version)', 'version')
      .from(tablePath(dataSource, 'schema_version'), 'applied')
      .getRawOne<{ version: number | null }>();
    return row?.version ?? 0;
  } finally {
    await runner.release();
  }
}

/**
 * Brings the schema up to date.
 *
 * @returns the migrations that were applied now, by name
 * @throws DatabaseStartError if the schema is newer than this code
 */
export async function migrate(dataSource: DataSource): Promise<readonly string[]> {
  assertNotNewer(await readSchemaVersion(dataSource));
  const applied = await dataSource.runMigrations({ transaction: 'each' });
  return applied.map(({ name }) => name);
}

/** @throws DatabaseStartError if a schema version is newer than this code */
export function assertNotNewer(version: number): void {
  if (version > SCHEMA_VERSION) {
    throw new DatabaseStartError(
      `The database has schema version ${version}, this version of the service knows ${SCHEMA_VERSION}. ` +
        'Run the newer version of the service, or revert its migrations with it first (npm run migration:revert).',
    );
  }
}

/** Brings the schema up to date at the boot, and logs it. @throws DatabaseStartError as {@link migrate} does */
export async function updateSchema(dataSource: DataSource): Promise<void> {
  const applied = await migrate(dataSource);
  if (applied.length > 0) new Logger('Database').log({ msg: 'The schema was brought up to date.', applied });
}
