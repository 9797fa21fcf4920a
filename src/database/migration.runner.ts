import type { DataSource } from 'typeorm';
import { SCHEMA_VERSION } from '../../migrations/index.js';
import { DatabaseStartError } from './database.errors.js';

/** The schema version of a database: 0 where no migration was ever applied. */
export async function readSchemaVersion(dataSource: DataSource): Promise<number> {
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await runner.hasTable('schema_version'))) return 0;
    const rows = (await runner.query('SELECT MAX(version) AS version FROM schema_version')) as {
      version: number | null;
    }[];
    return rows[0]?.version ?? 0;
  } finally {
    await runner.release();
  }
}

/**
 * Brings the schema up to date.
 *
 * @returns the migrations that were applied now, by name
 * @throws DatabaseStartError where the schema is newer than this code
 */
export async function migrate(dataSource: DataSource): Promise<readonly string[]> {
  const version = await readSchemaVersion(dataSource);
  if (version > SCHEMA_VERSION) {
    throw new DatabaseStartError(
      `The database has schema version ${version}, this version of the service knows ${SCHEMA_VERSION}. ` +
        'Run the newer version of the service, or revert its migrations with it first (npm run migration:revert).',
    );
  }
  const applied = await dataSource.runMigrations({ transaction: 'each' });
  return applied.map(({ name }) => name);
}
