import type { DataSource } from 'typeorm';

/** A new migration as a file: its name and its text. */
interface MigrationSkeleton {
  readonly fileName: string;
  readonly source: string;
}

/**
 * Writes the skeleton of the next migration, with the differences that TypeORM finds between the entities and the
 * database as comments: statements of one dialect, to be rewritten with the `QueryRunner` for all dialects.
 *
 * @param dataSource opened, with every earlier migration applied
 * @param name in kebab case
 * @param version the schema version after the new migration
 * @param now the time for the class name, by whose end TypeORM orders migrations
 */
export async function migrationSkeleton(
  dataSource: DataSource,
  name: string,
  version: number,
  now: Date,
): Promise<MigrationSkeleton> {
  const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
  const comments = (queries: readonly { query: string }[]): string =>
    queries.length === 0
      ? '    // TypeORM finds no difference between the entities and the database.\n'
      : queries.map(({ query }) => `    // ${query.replaceAll('\n', ' ')}\n`).join('');
  const className = `${pascalCase(name)}${now.getTime()}`;
  return {
    fileName: `${String(version).padStart(4, '0')}-${name}.migration.ts`,
    source: `import type { MigrationInterface, QueryRunner } from 'typeorm';
import { forgetVersion, recordVersion } from './schema-version.js';

const VERSION = ${version};

/** Add it to MIGRATIONS in index.ts, and say here what it changes. */
export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(runner: QueryRunner): Promise<void> {
${comments(upQueries)}    // With the version before as third argument if it still runs on this schema; see "Two versions over one schema" in
    // docs/guides/operations.md.
    await recordVersion(runner, VERSION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await forgetVersion(runner, VERSION);
${comments(downQueries)}  }
}
`,
  };
}

function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
