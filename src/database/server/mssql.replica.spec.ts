import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CapturedMssql, serverError } from '../../../test/support/tds/captured.mssql.js';
import { until } from '../../common/testing/until.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { ProcessStoreRepository } from '../../process-store/process-store.repository.js';
import type { DatabaseConnection } from '../database.connection.js';
import { openDatabaseConnection } from '../database.opener.js';
import { DatabaseService } from '../database.service.js';
import { sqliteConfig } from '../testing/database.fixture.js';

describe('lists with read-only intent', () => {
  let listener: CapturedMssql;
  let secondary: CapturedMssql;
  let connection: DatabaseConnection;
  let warned: { msg: string }[];

  beforeEach(async () => {
    listener = await CapturedMssql.open();
    secondary = await CapturedMssql.open();
    const route = { host: '127.0.0.1', port: secondary.server.port };
    listener.route = ({ isReadOnly }) => (isReadOnly ? route : null);
    warned = [];
    jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((line) => void warned.push(line as { msg: string }));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await connection.close();
    await listener.close();
    await secondary.close();
  });

  async function open(changes: Partial<DatabaseServerConfig> = {}): Promise<DatabaseConnection> {
    connection = await openDatabaseConnection(
      sqliteConfig('unused', { server: listener.config({ replicaHost: '127.0.0.1', ...changes }) }),
    );
    listener.take();
    secondary.take();
    return connection;
  }

  const listed = (limit = 10, restriction: { readonly owner?: string } = {}) =>
    new ProcessStoreRepository(new DatabaseService(connection)).findAllProcessStore({
      limit,
      maxBytes: 1_000_000,
      ...restriction,
    });
  const sqlAt = (server: CapturedMssql): string[] =>
    server
      .take()
      .map(({ sql }) => sql)
      .filter((sql) => sql.includes('process_store'));

  /** Answers a search with ids, and a look at rows with those of a table. */
  function hold(server: CapturedMssql, rows: Readonly<Record<string, string>>): void {
    const times = { started_at: new Date('2026-01-01'), updated_at: new Date('2026-01-01') };
    server.answer = ({ sql, parameters }) => {
      if (!sql.includes('process_store')) return undefined;
      const ids = Object.keys(rows);
      const wanted = sql.includes(' IN ')
        ? ids.filter((id) => parameters.some(({ value }) => value === id))
        : ids.slice(0, Number(parameters.at(-1)?.value));
      return wanted.map((id) => ({ correlation_id: id, ...times, bytes: 0, status: rows[id] }));
    };
  }

  it('are searched where the listener routes them, and nothing else is', async () => {
    await open();
    hold(secondary, { a: 'pending' });
    hold(listener, { a: 'ok' });
    const { logins } = secondary.server;
    expect([logins.length > 0, logins.every(({ isReadOnly }) => isReadOnly)]).toEqual([true, true]);
    // Those that it routed; a login at the listener that it kept had no such intent.
    expect(listener.server.logins.filter(({ isReadOnly }) => isReadOnly)).toHaveLength(logins.length);
    expect(listener.server.logins.length).toBeGreaterThan(logins.length);
    await listed();
    await connection.read('SELECT a FROM process_store', []);
    await connection.transaction((sql) => sql.query('SELECT b FROM process_store'));
    const searched = sqlAt(secondary);
    expect(searched).toEqual([expect.stringMatching(/^SELECT correlation_id, started_at, .* ORDER BY/)]);
    expect(sqlAt(listener)).toHaveLength(4);
  });

  it('show the state that the primary has, and leave out what it has no more', async () => {
    await open();
    hold(secondary, { a: 'pending', removed: 'ok', b: 'pending' });
    hold(listener, { a: 'ok', b: 'error' });
    const { processes, nextCursor } = await listed();
    expect(processes.map(({ correlationId, status }) => [correlationId, status])).toEqual([
      ['a', 'ok'],
      ['b', 'error'],
    ]);
    expect(nextCursor).toBeNull();
  });

  it('have no row of an id that belongs to another owner since', async () => {
    await open();
    hold(secondary, { a: 'ok' });
    listener.answer = ({ sql, parameters }) => {
      if (!sql.includes('process_store')) return undefined;
      const isOwned = !sql.includes('owner = ') || parameters.some(({ value }) => value === 'bob');
      const times = { started_at: new Date('2026-01-01'), updated_at: new Date('2026-01-01') };
      return isOwned ? [{ correlation_id: 'a', ...times, bytes: 0, status: 'ok', owner: 'bob' }] : [];
    };
    expect((await listed(10, { owner: 'alice' })).processes).toEqual([]);
    expect((await listed(10, { owner: 'bob' })).processes).toHaveLength(1);
  });

  it('have a next page also if all of this one has been removed', async () => {
    await open();
    hold(secondary, { gone: 'ok', a: 'ok' });
    hold(listener, { a: 'ok' });
    const { processes, nextCursor } = await listed(1);
    expect([processes, nextCursor]).toEqual([[], expect.any(String)]);
  });

  it('are searched on the primary while the secondary is away, with one warning', async () => {
    await open();
    hold(secondary, { a: 'pending' });
    hold(listener, { b: 'ok' });
    secondary.answer = () => serverError(976);
    for (let n = 0; n < 3; n += 1)
      expect((await listed()).processes.map(({ correlationId }) => correlationId)).toEqual(['b']);
    expect(warned).toEqual([
      { msg: 'Lists are searched on the primary until the server of DB_READ_ONLY_HOST answers: error 976' },
    ]);
    await until(() => secondary.server.open.length === 0);
  });

  it('do not delay a boot whose secondary is away', async () => {
    await secondary.close();
    await open();
    hold(listener, { b: 'ok' });
    expect((await listed()).processes).toHaveLength(1);
    expect(warned).toHaveLength(1);
  });

  it('name the secondary that cannot be reached, not the primary', async () => {
    await open({ replicaHost: '::1' });
    const { port } = listener.config();
    expect(warned).toEqual([
      { msg: expect.stringContaining(`answers: SQL Server at [::1]:${port} cannot be reached`) },
    ]);
  });

  it('are searched on the primary by default', async () => {
    await open({ replicaHost: null });
    hold(listener, { b: 'ok' });
    expect((await listed()).processes).toHaveLength(1);
    expect(secondary.server.logins).toEqual([]);
    expect(sqlAt(listener)).toHaveLength(2);
  });
});
