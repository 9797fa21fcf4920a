import type { DatabaseFixture } from './database.fixture.js';

/** The columns of a table, in the order of the database. */
export async function columnsOf(
  { config: { server }, database }: Pick<DatabaseFixture, 'config' | 'database'>,
  table: string,
): Promise<readonly string[]> {
  const rows =
    server === null
      ? await database.read(`PRAGMA table_info(${table})`)
      : await database.read(
          'SELECT COLUMN_NAME AS name FROM INFORMATION_SCHEMA.COLUMNS ' +
            'WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
          [server.schema, table],
        );
  return rows.map(({ name }) => name as string);
}
