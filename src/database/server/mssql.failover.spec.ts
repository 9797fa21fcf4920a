import dns from 'node:dns';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SilentAddress } from '../../../test/support/silent.address.js';
import { CapturedMssql, type ServerError, serverError } from '../../../test/support/tds/captured.mssql.js';
import { SqlBrowser } from '../../../test/support/tds/sql.browser.js';
import { until } from '../../common/testing/until.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import type { DatabaseConnection } from '../database.connection.js';
import { openDatabaseConnection } from '../database.opener.js';
import { sqliteConfig } from '../testing/database.fixture.js';

/** A second address of this machine. Linux has all of 127.0.0.0/8. */
const SECOND = process.platform === 'linux' ? '127.0.0.2' : '::1';

/** A name that only the lookups of these tests know. */
const LISTENER = 'listener.test';

const servers: CapturedMssql[] = [];
const connections: DatabaseConnection[] = [];
const browsers: SqlBrowser[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const connection of connections.splice(0)) await connection.close();
  for (const server of servers.splice(0)) await server.close();
  // The last: a look-up without an answer would outlive its test.
  for (const browser of browsers.splice(0)) await browser.close();
});

async function listen(host?: string, port?: number): Promise<CapturedMssql> {
  const server = await CapturedMssql.open({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  });
  servers.push(server);
  return server;
}

async function open(
  server: CapturedMssql,
  changes: Partial<DatabaseServerConfig> = {},
): Promise<DatabaseConnection> {
  const connection = await openDatabaseConnection(sqliteConfig('unused', { server: server.config(changes) }));
  connections.push(connection);
  return connection;
}

/** Gives the listener several addresses; a lookup is the only thing that these tests replace. */
function resolveTo(...addresses: readonly string[]): void {
  const real = dns.lookup.bind(dns) as (...given: unknown[]) => void;
  jest.spyOn(dns, 'lookup').mockImplementation(((name: string, options: unknown, done: unknown) => {
    if (name !== LISTENER) {
      real(name, options, done);
      return;
    }
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    process.nextTick(done as (error: null, all: unknown) => void, null, found);
  }) as never);
}

describe('a server that is no longer the primary', () => {
  let server: CapturedMssql;
  let connection: DatabaseConnection;
  /** Statements on these connections fail. */
  let demoted: Set<number>;

  const write = (oneMessage = false): Promise<number> =>
    connection.transaction((sql) => sql.execute('UPDATE t SET a = 1'), { oneMessage });
  const read = () => connection.read('SELECT a FROM t', []);

  /** The connections on which the statements that begin so came, in order. */
  const used = (beginning: string): number[] =>
    server
      .take()
      .filter(({ sql }) => sql.startsWith(beginning))
      .map(({ connection: id }) => id);

  /** From now on every open connection leads to a server that answers with an error; new ones lead to another. */
  function demote(error: ServerError, statement: RegExp): void {
    demoted = new Set(server.server.open);
    server.answer = ({ sql, connection: id }) => (demoted.has(id) && statement.test(sql) ? error : undefined);
  }

  beforeEach(async () => {
    server = await listen();
    connection = await open(server);
    demoted = new Set();
    await write();
    server.take();
  });

  it.each([
    [3906, 'is read-only'],
    [976, 'is a secondary that takes no statements'],
    [978, 'is a secondary for readers'],
    [983, 'is in neither role'],
    [988, 'has no quorum'],
    [952, 'is between two states'],
    [942, 'is offline'],
    [40613, 'moves on Azure'],
  ])('loses the connection of the writer: error %d, it %s', async (number) => {
    demote(serverError(number), /^UPDATE/);
    await expect(write()).rejects.toThrow();
    const [first] = used('UPDATE');
    await write();
    const [second] = used('UPDATE');
    expect(second).not.toBe(first);
    await until(() => !server.server.open.includes(first!));
  });

  it.each(['BEGIN', 'COMMIT'])('loses it also if the error comes with %s', async (statement) => {
    demote(serverError(976), new RegExp(`^${statement}$`));
    await expect(write()).rejects.toThrow();
    const [first] = used('BEGIN');
    await write();
    expect(used('BEGIN')).not.toContain(first);
  });

  it('loses it also if the transaction is one message', async () => {
    demote(serverError(3906), /^UPDATE/);
    await expect(write(true)).rejects.toThrow();
    const [first] = used('UPDATE');
    await write(true);
    expect(used('UPDATE')).not.toContain(first);
  });

  it('loses the connections of readers too, or they would read old rows there', async () => {
    await Promise.all([read(), read()]);
    const before = new Set(used('SELECT a'));
    demote(serverError(3906), /^UPDATE/);
    await expect(write()).rejects.toThrow();
    await Promise.all([read(), read(), read()]);
    for (const id of used('SELECT a')) expect(before).not.toContain(id);
  });

  it('does not lose a statement that runs meanwhile', async () => {
    demote(serverError(3906), /^UPDATE/);
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const { answer } = server;
    let isReading = false;
    server.delay = async ({ sql }) => {
      if (!sql.startsWith('SELECT a')) return;
      isReading = true;
      await finished;
    };
    server.answer = (statement) => (statement.sql.startsWith('SELECT a') ? [{ a: 1 }] : answer(statement));
    const reading = read();
    await until(() => isReading);
    await expect(write()).rejects.toThrow();
    finish();
    expect(await reading).toEqual([{ a: 1 }]);
  });

  it('keeps its connections after an error that says nothing about its role', async () => {
    demote(serverError(1222), /^UPDATE/);
    await expect(write()).rejects.toThrow();
    demoted.clear();
    const [first] = used('UPDATE');
    await write();
    expect(used('UPDATE')).toEqual([first]);
  });

  it.each([976, 978, 979, 982, 983, 988])(
    'that refuses logins with error %d is waited for, and never taken for a wrong password',
    async (number) => {
      jest.spyOn(process.stderr, 'write').mockReturnValue(true);
      const away = await listen();
      away.login = (_login, id) => (id <= 2 ? [serverError(number), serverError(18456)] : []);
      await open(away, { bootTimeoutMs: 60_000 });
      away.login = () => [serverError(number, 14, 'Not here.'), serverError(18456)];
      await expect(open(away, { bootTimeoutMs: 1 })).rejects.toThrow(
        /it takes no login now \(Not here\.\)\. Look at/,
      );
    },
  );
});

describe('a listener with two addresses', () => {
  it('is reached at the second one if the first one refuses', async () => {
    const old = await listen();
    const { port } = old.config();
    await old.close();
    const server = await listen(SECOND, port);
    resolveTo('127.0.0.1', SECOND);
    await open(server, { host: LISTENER });
    expect(server.server.logins[0]).toMatchObject({ server: LISTENER });
  });

  it('is tried at one after the other by default, and at both at the same time with DB_MULTI_SUBNET_FAILOVER', async () => {
    const first = await listen();
    const second = await listen(SECOND, first.config().port);
    resolveTo('127.0.0.1', SECOND);
    await open(first, { host: LISTENER });
    expect(first.server.accepted).toBeGreaterThan(0);
    expect(second.server.accepted).toBe(0);
    await open(first, { host: LISTENER, multiSubnetFailover: true });
    await until(() => second.server.accepted > 0);
  });

  it('whose first address answers nothing is reached with DB_MULTI_SUBNET_FAILOVER, and only with it', async () => {
    const silent = await SilentAddress.open('127.0.0.1');
    try {
      const server = await listen(SECOND, silent.port);
      resolveTo('127.0.0.1', SECOND);
      const config = { host: LISTENER, connectTimeoutMs: 1_000 };
      await expect(open(server, config)).rejects.toThrow(
        `cannot be reached: Failed to connect to ${LISTENER}:${silent.port} in 1000ms. Check DB_TYPE`,
      );
      await open(server, { ...config, connectTimeoutMs: 50_000, multiSubnetFailover: true });
    } finally {
      await silent.close();
    }
  });

  it('continues at the second address after the first server is gone, without a new boot', async () => {
    const first = await listen();
    resolveTo('127.0.0.1', SECOND);
    const connection = await open(first, { host: LISTENER });
    const second = await listen(SECOND, first.config().port);
    await first.close();
    const write = () => connection.transaction((sql) => sql.execute('UPDATE t SET a = 1'));
    // The first use of a connection whose server is gone may fail.
    await write().catch(() => undefined);
    await write();
    await connection.read('SELECT a FROM t', []);
    const statements = second.take().map(({ sql }) => sql);
    expect(statements).toEqual(expect.arrayContaining(['BEGIN', 'UPDATE t SET a = 1', 'COMMIT']));
    expect(statements).toContain('SELECT a FROM t');
  });
});

describe('a named instance', () => {
  // The port of SQL Server Browser is fixed, so each process of a test run has an address of its own.
  const host =
    process.platform === 'linux'
      ? `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 250}.${1 + (process.pid % 250)}`
      : '127.0.0.1';

  it('is found through SQL Server Browser, and may move to another port', async () => {
    const other = await listen(host);
    const server = await listen(host);
    const browser = await SqlBrowser.open(host, {
      OTHER: other.config().port,
      REPORTS: server.config().port,
    });
    browsers.push(browser);
    await open(server, { instance: 'reports' });
    expect(server.server.logins.length).toBeGreaterThan(2);
    expect(other.server.logins).toEqual([]);
    expect(browser.asked).toBeGreaterThan(0);
    browser.instances = { REPORTS: other.config().port };
    await open(server, { instance: 'REPORTS' });
    expect(other.server.logins.length).toBeGreaterThan(2);
  });

  it('that SQL Server Browser does not know is named in the message', async () => {
    const server = await listen(host);
    browsers.push(await SqlBrowser.open(host, { OTHER: 1433 }));
    await expect(open(server, { instance: 'REPORTS' })).rejects.toThrow(
      `SQL Server at ${host}\\REPORTS cannot be used: SQL Server Browser does not tell its port (Port for REPORTS not ` +
        `found in ${host}). Check DB_INSTANCE, and that SQL Server Browser runs and its UDP port 1434 is open from here; ` +
        'or set DB_PORT to the port of the instance, and no DB_INSTANCE.',
    );
  });
});
