import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { QueryRunner, Table, TableIndex } from 'typeorm';
import { columnTypesOf, schemaDialectOf } from '../../migrations/column-types.js';
import { MIGRATIONS } from '../../migrations/index.js';
import { migrationCommand } from './migration.commands.js';
import { sqlitePath } from './sqlite/sqlite.files.js';
import { sqliteConfig, temporaryFolder } from './testing/database.fixture.js';
import { insertOldOutcomes, OLD_OUTCOME_ORIGINS, originsOf } from './testing/old.outcomes.js';

describe('migrationCommand', () => {
  let folder: string;
  let lines: string[];

  beforeEach(() => {
    folder = temporaryFolder();
    lines = [];
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (...args: string[]): Promise<string[]> => {
    lines = [];
    await migrationCommand(args, sqliteConfig(folder), folder, (line) => lines.push(line));
    return lines;
  };

  it('applies every migration, and nothing the second time', async () => {
    expect(await run('run')).toEqual([
      'Applied ProcessStore1763683200001.',
      'Applied EventLog1763683200002.',
      'Applied Archives1795219200003.',
      'Applied TaskDelivery1795996800004.',
      'Applied OutcomeOrigin1796083200005.',
      'Applied OriginOfOldOutcomes1796083200006.',
      'Applied TenantAndOwner1796169600007.',
      'Applied ProcessMessage1796169600008.',
      'Applied WorkLease1796256000009.',
      'The schema is at version 9.',
    ]);
    expect(await run('run')).toEqual(['The schema is at version 9.']);
  });

  it('leaves the migrations of a newer version alone, and names them', async () => {
    await run('run');
    const newer = MIGRATIONS.length + 1;
    const file = new Database(sqlitePath(folder));
    const add = (compatibleWith: number | null): void => {
      file.prepare('DELETE FROM schema_version WHERE version = ?').run(newer);
      file
        .prepare("INSERT INTO schema_version VALUES (?, '2026-01-01 00:00:00.000', ?)")
        .run(newer, compatibleWith);
    };
    add(MIGRATIONS.length);
    expect(await run('run')).toEqual([`The schema is at version ${newer}.`]);
    expect((await run('show')).at(-1)).toBe(`[x] ${newer} of a newer version of the service`);
    await expect(run('revert')).rejects.toThrow(
      'Revert it with the version of the service that has applied it.',
    );
    add(null);
    await expect(run('run')).rejects.toThrow('the newer schema does not work with it');
    expect(file.prepare('SELECT COUNT(*) AS rows FROM schema_version').get()).toEqual({ rows: newer });
    file.close();
  });

  it('reverts one migration at a time, down to nothing, and applies them again', async () => {
    await run('run');
    for (let version = MIGRATIONS.length - 1; version >= 0; version -= 1)
      expect(await run('revert')).toEqual([`The schema is at version ${version}.`]);
    await expect(run('revert')).rejects.toThrow('There is no migration to revert.');
    expect((await run('run')).at(-1)).toBe('The schema is at version 9.');
  });

  it('shows the applied migrations, also if there is no file', async () => {
    expect(await run('show')).toEqual([
      '[ ] 1 ProcessStore1763683200001',
      '[ ] 2 EventLog1763683200002',
      '[ ] 3 Archives1795219200003',
      '[ ] 4 TaskDelivery1795996800004',
      '[ ] 5 OutcomeOrigin1796083200005',
      '[ ] 6 OriginOfOldOutcomes1796083200006',
      '[ ] 7 TenantAndOwner1796169600007',
      '[ ] 8 ProcessMessage1796169600008',
      '[ ] 9 WorkLease1796256000009',
    ]);
    await run('run');
    for (let version = MIGRATIONS.length; version > 3; version -= 1) await run('revert');
    expect(await run('show')).toEqual([
      '[x] 1 ProcessStore1763683200001',
      '[x] 2 EventLog1763683200002',
      '[x] 3 Archives1795219200003',
      '[ ] 4 TaskDelivery1795996800004',
      '[ ] 5 OutcomeOrigin1796083200005',
      '[ ] 6 OriginOfOldOutcomes1796083200006',
      '[ ] 7 TenantAndOwner1796169600007',
      '[ ] 8 ProcessMessage1796169600008',
      '[ ] 9 WorkLease1796256000009',
    ]);
  });

  it('names the origin of old outcomes by their code and step, also in the archive', async () => {
    await run('run');
    for (let version = MIGRATIONS.length; version > 4; version -= 1) await run('revert');
    const file = new Database(sqlitePath(folder));
    try {
      await insertOldOutcomes((sql) => file.exec(sql));
      await run('run');
      for (const table of ['process_store', 'process_store_archive']) {
        const rows = file.prepare(`SELECT correlation_id, outcome_origin FROM ${table}`).all();
        expect(originsOf(rows as Record<string, unknown>[])).toEqual(OLD_OUTCOME_ORIGINS);
      }
    } finally {
      file.close();
    }
  });

  it('writes the next migration, and finds the entities and the migrations to say the same', async () => {
    await run('generate', 'add-priority');
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(file).toBe('0010-add-priority.migration.ts');
    const source = readFileSync(`${folder}/${file ?? ''}`, 'utf8');
    expect(source).toMatch(/export class AddPriority\d{13} implements MigrationInterface/);
    expect(source).toContain('const VERSION = 10;');
    expect(source.match(/TypeORM finds no difference/g)).toHaveLength(2);
  });

  it.each([[['generate', 'Bad Name']], [['generate']], [['drop']], [[]]])(
    'explains itself on %j',
    async (args) => {
      await expect(run(...args)).rejects.toThrow('Usage: migration run | revert | show | generate');
    },
  );
});

describe('the migrations', () => {
  /** What the migrations ask a database for, without one. */
  async function recorded(
    type: string,
  ): Promise<{ tables: Table[]; indexes: TableIndex[]; statements: string[] }> {
    const tables: Table[] = [];
    const indexes: TableIndex[] = [];
    const statements: string[] = [];
    const builder: Record<string, () => unknown> = {};
    for (const step of ['insert', 'into', 'values']) builder[step] = () => builder;
    builder.execute = () => Promise.resolve();
    const runner = {
      dataSource: { options: { type, ...(type === 'postgres' ? { schema: 'api' } : {}) } },
      manager: { createQueryBuilder: () => builder },
      createTable: (table: Table) => Promise.resolve(tables.push(table)),
      query: (sql: string) => Promise.resolve(statements.push(sql)),
      createIndex: (_table: string, index: TableIndex) => Promise.resolve(indexes.push(index)),
    } as unknown as QueryRunner;
    for (const Migration of MIGRATIONS) await new Migration().up(runner);
    return { tables, indexes, statements };
  }

  it.each([
    [
      'mssql',
      'varchar',
      'Latin1_General_100_BIN2',
      'nvarchar',
      'datetime2',
      'idx_status',
      '"process_store" ADD "outcome_origin" varchar(32) COLLATE Latin1_General_100_BIN2',
    ],
    [
      'postgres',
      'varchar',
      'C',
      'text',
      'timestamptz',
      'process_store_idx_status',
      '"api"."process_store" ADD COLUMN "outcome_origin" varchar(32) COLLATE "C"',
    ],
    [
      'better-sqlite3',
      'varchar',
      undefined,
      'text',
      'datetime',
      'process_store_idx_status',
      '"process_store" ADD COLUMN "outcome_origin" varchar(32)',
    ],
  ])('have the types and index names of %s', async (type, id, collation, text, time, index, added) => {
    const { tables, indexes, statements } = await recorded(type);
    const column = (name: string) => tables[1]?.columns.find((each) => each.name === name);
    expect(tables.map(({ name }) => name)).toEqual([
      'schema_version',
      'process_store',
      'event_log',
      'process_store_archive',
      'event_log_archive',
      'task_delivery',
      'process_message',
      'work_lease',
    ]);
    expect(column('correlation_id')).toMatchObject({ type: id, length: '255', isPrimary: true });
    expect(column('correlation_id')?.collation).toBe(collation);
    expect(column('data')?.type).toBe(text);
    expect(column('started_at')?.type).toBe(time);
    expect(indexes.map(({ name }) => name)).toContain(index);
    expect(statements).toContain(`ALTER TABLE ${added}`);
  });

  it('refuse a driver that they are not written for', () => {
    expect(() => schemaDialectOf('oracle')).toThrow(/not written for the TypeORM driver oracle/);
    expect(columnTypesOf('mssql').generatedId.type).toBe('bigint');
  });
});
