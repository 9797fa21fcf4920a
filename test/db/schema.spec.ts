import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MIGRATIONS, SCHEMA_VERSION, TABLES } from '../../migrations/index.js';
import type { DatabaseServerConfig } from '../../src/config/index.js';
import { migrationCommand } from '../../src/database/migration.commands.js';
import { ServerConnection } from '../../src/database/server/server.connection.js';
import { serverDialectOf } from '../../src/database/server/server.dialects.js';
import { sqliteConfig } from '../../src/database/testing/database.fixture.js';
import {
  insertOldOutcomes,
  OLD_OUTCOME_ORIGINS,
  originsOf,
} from '../../src/database/testing/old.outcomes.js';
import { removeServerSchema } from '../../src/database/testing/database.target.js';
import { serverConfig, ServerSession } from './support/server.session.js';

const NAMES = MIGRATIONS.map((Migration) => new Migration().name);

describe('the schema on a database server', () => {
  let config: DatabaseServerConfig;
  let session: ServerSession;
  let opened: ServerConnection[];

  beforeEach(async () => {
    Logger.overrideLogger(false);
    config = serverConfig();
    session = await ServerSession.open(config);
    opened = [];
  });

  afterEach(async () => {
    for (const connection of opened) await connection.close();
    await session.close();
    await removeServerSchema({ server: config });
  });

  const command = async (name: string): Promise<readonly string[]> => {
    const lines: string[] = [];
    await migrationCommand([name], sqliteConfig('unused', { server: config }), 'unused', (line) =>
      lines.push(line),
    );
    return lines;
  };

  const open = async (changes: Partial<DatabaseServerConfig> = {}): Promise<ServerConnection> => {
    const connection = await ServerConnection.open(serverDialectOf(config), { ...config, ...changes });
    opened.push(connection);
    return connection;
  };

  const applied = async (): Promise<unknown[]> =>
    (await session.query(`SELECT version FROM ${session.table('schema_version')} ORDER BY version`)).map(
      ({ version }) => version,
    );

  it('is created by the migrations, reverted by them, and created again', async () => {
    expect(await command('run')).toEqual([
      ...NAMES.map((name) => `Applied ${name}.`),
      `The schema is at version ${SCHEMA_VERSION}.`,
    ]);
    const all = [...TABLES, 'migrations'].sort();
    expect(await session.tables()).toEqual(all);
    for (let version = SCHEMA_VERSION - 1; version >= 0; version -= 1) {
      expect(await command('revert')).toEqual([`The schema is at version ${version}.`]);
      expect((await command('show')).map((line) => line.slice(0, 3))).toEqual(
        NAMES.map((_, index) => (index < version ? '[x]' : '[ ]')),
      );
    }
    expect(await session.tables()).toEqual(['migrations']);
    await expect(command('revert')).rejects.toThrow('There is no migration to revert.');
    await command('run');
    expect(await session.tables()).toEqual(all);
    expect(await applied()).toEqual(NAMES.map((_, index) => index + 1));
    expect(await command('run')).toEqual([`The schema is at version ${SCHEMA_VERSION}.`]);
  });

  it('derives the origin of old outcomes', async () => {
    await command('run');
    for (let version = SCHEMA_VERSION; version > 4; version -= 1) await command('revert');
    await insertOldOutcomes(
      (sql) => session.query(sql),
      (table) => session.table(table),
    );
    await command('run');
    for (const table of ['process_store', 'process_store_archive']) {
      const rows = await session.query(`SELECT correlation_id, outcome_origin FROM ${session.table(table)}`);
      expect(originsOf(rows)).toEqual(OLD_OUTCOME_ORIGINS);
    }
  });

  it('is created once if four instances boot at the same time', async () => {
    const connections = await Promise.all(Array.from({ length: 4 }, () => open()));
    expect(await Promise.all(connections.map((each) => each.schemaVersion()))).toEqual(
      Array(4).fill(SCHEMA_VERSION),
    );
    expect(await applied()).toEqual(NAMES.map((_, index) => index + 1));
    const migrations = await session.query(`SELECT name FROM ${session.table('migrations')} ORDER BY id`);
    expect(migrations.map(({ name }) => name)).toEqual(NAMES);
  });

  it('is not changed with DB_MIGRATE=off, and the boot error names the command to run', async () => {
    await expect(open({ migrate: false })).rejects.toMatchObject({
      name: 'DatabaseStartError',
      message:
        `The database has no tables that ${config.user} may use, this version of the service needs schema version ` +
        `${SCHEMA_VERSION}, and DB_MIGRATE is off. Run npm run migration:run once with the settings of this service, or set DB_MIGRATE=on.`,
    });
    expect(await session.tables()).toEqual([]);
    await command('run');
    await command('revert');
    await expect(open({ migrate: false })).rejects.toThrow(
      `The database has schema version ${SCHEMA_VERSION - 1}, this version of the service needs schema version ${SCHEMA_VERSION}`,
    );
    await command('run');
    expect(await (await open({ migrate: false })).schemaVersion()).toBe(SCHEMA_VERSION);
  });

  it.each([true, false])('is refused if it has a newer version, with DB_MIGRATE %s', async (migrate) => {
    await command('run');
    const newer = SCHEMA_VERSION + 1;
    await session.query(
      `INSERT INTO ${session.table('schema_version')} (version, applied_at) VALUES (${newer}, '2026-01-01')`,
    );
    await expect(open({ migrate })).rejects.toMatchObject({
      name: 'DatabaseStartError',
      message: expect.stringMatching(
        new RegExp(
          `has schema version ${newer}, .* knows ${SCHEMA_VERSION}, and the newer schema does not work with it\\. Run the newer version`,
        ),
      ),
    });
    await expect(command('run')).rejects.toThrow('Run the newer version');
    expect(await applied()).toHaveLength(newer);
  });

  it.each([true, false])(
    'is used if its newer version is compatible, with DB_MIGRATE %s',
    async (migrate) => {
      await command('run');
      const newer = SCHEMA_VERSION + 1;
      await session.query(
        `INSERT INTO ${session.table('schema_version')} (version, applied_at, compatible_with) VALUES (${newer}, '2026-01-01', ${SCHEMA_VERSION})`,
      );
      expect(await (await open({ migrate })).schemaVersion()).toBe(newer);
      expect(await command('run')).toEqual([`The schema is at version ${newer}.`]);
      await expect(command('revert')).rejects.toThrow(
        'Revert it with the version of the service that has applied it.',
      );
      expect(await applied()).toHaveLength(newer);
    },
  );

  it('equals the schema of the entities', async () => {
    await command('run');
    const dataSource = await new DataSource(
      serverDialectOf(config).dataSourceOptions(config, 'schema'),
    ).initialize();
    try {
      const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect([...upQueries, ...downQueries].map(({ query }) => query)).toEqual([]);
      expect(dataSource.entityMetadatas.map(({ tableName }) => tableName).sort()).toEqual(
        TABLES.filter((table) => table !== 'schema_version').sort(),
      );
      for (const { tableName, columns } of dataSource.entityMetadatas) {
        const found = await session.query(
          'SELECT COLUMN_NAME AS name FROM INFORMATION_SCHEMA.COLUMNS ' +
            `WHERE TABLE_SCHEMA = '${config.schema}' AND TABLE_NAME = '${tableName}'`,
        );
        expect(found.map(({ name }) => name as string).sort()).toEqual(
          columns.map(({ databaseName }) => databaseName).sort(),
        );
      }
    } finally {
      await dataSource.destroy();
    }
  });
});
