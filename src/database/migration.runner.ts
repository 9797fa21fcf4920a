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
 * Brings the schema up to date. Changes nothing if a newer version of the service already did, and this version still runs
 * on its schema.
 *
 * @returns the migrations that were applied now, by name
 * @throws DatabaseStartError if the schema is newer than this code, and not compatible with it
 */
export async function migrate(dataSource: DataSource): Promise<readonly string[]> {
  const version = await readSchemaVersion(dataSource);
  if (version > SCHEMA_VERSION) {
    await assertCompatible(dataSource, version);
    return [];
  }
  const applied = await dataSource.runMigrations({ transaction: 'each' });
  return applied.map(({ name }) => name);
}

/**
 * Checks that this code runs on the schema of a newer version: each of its migrations has to say so in
 * `schema_version.compatible_with`. This way instances of two versions serve at the same time while one replaces the other.
 *
 * @param version of the schema, greater than `SCHEMA_VERSION`
 * @throws DatabaseStartError if a migration does not say so
 */
export async function assertCompatible(dataSource: DataSource, version: number): Promise<void> {
  const applied = await dataSource
    .createQueryBuilder()
    .select('applied.compatible_with', 'compatibleWith')
    .from(tablePath(dataSource, 'schema_version'), 'applied')
    .where('applied.version > :known', { known: SCHEMA_VERSION })
    .getRawMany<{ compatibleWith: number | null }>();
  if (applied.every(({ compatibleWith }) => compatibleWith !== null && compatibleWith <= SCHEMA_VERSION)) {
    new Logger('Database').warn({
      msg: 'The schema belongs to a newer version of the service, and this version runs on it. Finish the update: older versions run beside newer ones only for its duration.',
      version,
      known: SCHEMA_VERSION,
    });
    return;
  }
  throw new DatabaseStartError(
    `The database has schema version ${version}, this version of the service knows ${SCHEMA_VERSION}, and the newer ` +
      'schema does not work with it. ' +
      'Run the newer version of the service, or revert its migrations with it first (npm run migration:revert).',
  );
}

/**
 * Reverts the last migration.
 *
 * @throws Error if there is none, or if only a newer version of the service knows it
 */
export async function revertLast(dataSource: DataSource): Promise<void> {
  const version = await readSchemaVersion(dataSource);
  if (version === 0) throw new Error('There is no migration to revert.');
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `The last migration is ${version}, and this version of the service knows ${SCHEMA_VERSION}: nothing was changed. ` +
        'Revert it with the version of the service that has applied it.',
    );
  }
  await dataSource.undoLastMigration({ transaction: 'each' });
}

/** Brings the schema up to date at the boot, and logs it. @throws DatabaseStartError as {@link migrate} does */
export async function updateSchema(dataSource: DataSource): Promise<void> {
  const applied = await migrate(dataSource);
  if (applied.length > 0) new Logger('Database').log({ msg: 'The schema was brought up to date.', applied });
}
