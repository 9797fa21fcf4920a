import type { DataSource, QueryRunner } from 'typeorm';
import { schemaDialectOf } from './column-types.js';

/** The path of a table, with the schema of the connection if one is configured, because a session may have another. */
export function tablePath({ options }: DataSource, table: string): string {
  return 'schema' in options && typeof options.schema === 'string' ? `${options.schema}.${table}` : table;
}

/**
 * Records in `schema_version` that a migration was applied; called at the end of its `up`.
 *
 * @param compatibleWith the oldest version of the service, by the schema version that it knows, that still runs on the
 *   schema; null: only versions that have this migration
 */
export async function recordVersion(
  runner: QueryRunner,
  version: number,
  compatibleWith: number | null = null,
): Promise<void> {
  const now = new Date().toISOString();
  const sqlite = schemaDialectOf(runner.dataSource.options.type) === 'sqlite';
  await runner.manager
    .createQueryBuilder()
    .insert()
    .into(tablePath(runner.dataSource, 'schema_version'), [
      'version',
      'applied_at',
      // Migrations before 0009 have no such column.
      ...(compatibleWith === null ? [] : ['compatible_with']),
    ])
    .values({
      version,
      // SQLite stores times as text, in the format that TypeORM reads.
      applied_at: sqlite ? now.replace('T', ' ').replace('Z', '') : now,
      ...(compatibleWith === null ? {} : { compatible_with: compatibleWith }),
    })
    .execute();
}

/** Reverts {@link recordVersion}; called at the beginning of a migration's `down`. */
export async function forgetVersion(runner: QueryRunner, version: number): Promise<void> {
  await runner.manager
    .createQueryBuilder()
    .delete()
    .from(tablePath(runner.dataSource, 'schema_version'))
    .where('version = :version', { version })
    .execute();
}
