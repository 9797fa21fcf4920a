import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CapturedMssql, serverError } from '../../../test/support/tds/captured.mssql.js';
import { until } from '../../common/testing/until.js';
import type { DatabaseConnection } from '../database.connection.js';
import { DatabaseStartError } from '../database.errors.js';
import { openDatabaseConnection } from '../database.opener.js';
import { sqliteConfig } from '../testing/database.fixture.js';

let capture: CapturedMssql;
let connection: DatabaseConnection | null;

beforeEach(async () => {
  connection = null;
  capture = await CapturedMssql.open();
});

afterEach(async () => {
  await connection?.close();
  await capture.close();
});

async function open(changes: Parameters<CapturedMssql['config']>[0] = {}): Promise<DatabaseConnection> {
  connection = await openDatabaseConnection(sqliteConfig('unused', { server: capture.config(changes) }));
  capture.take();
  return connection;
}

describe('a login that SQL Server refuses for now', () => {
  let said: string[];

  beforeEach(() => {
    said = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([40613, 40197, 40501, 49918, 49919, 49920, 18401, 983, 4060])(
    'with error %d is tried again',
    async (number) => {
      capture.login = (_login, id) =>
        // Behind each of them the server says that the login failed.
        id <= 2 ? [serverError(number, 14, 'Not now.'), serverError(18456, 14, 'Login failed.')] : [];
      await open({ bootTimeoutMs: 60_000 });
      expect(said.length).toBeGreaterThan(0);
      for (const line of said) expect(line).toMatch(/ cannot be used yet: it .*\(Not now\.\)\. It is tried/);
    },
  );

  it('is never reported as a wrong password', async () => {
    capture.login = () => [
      serverError(40613, 14, "Database 'x' is not currently available."),
      serverError(18456, 14, 'Login failed.'),
    ];
    await expect(open({ bootTimeoutMs: 300 })).rejects.toThrow(
      `SQL Server at 127.0.0.1:${capture.server.port} cannot be used, also not after 300 ms: it takes no login now ` +
        "(Database 'x' is not currently available.). Look at the state of the server",
    );
  });

  it('for want of a database says which one, once its time is over', async () => {
    capture.login = () => [
      serverError(4060, 11, 'Cannot open database "x" requested by the login.'),
      serverError(18456, 14, "Login failed for user 'api'."),
    ];
    await expect(open({ bootTimeoutMs: 300 })).rejects.toThrow(
      /it has no database camunda_api that api may use \(Cannot open database "x" requested by the login\.\)\. Create it/,
    );
  });
});

describe('a connection on which a transaction did not end', () => {
  /** Runs a transaction of one statement. */
  const write = (): Promise<number> => connection!.transaction((sql) => sql.execute('UPDATE t SET a = 1'));

  /** What the server got, with the connections on which it came. */
  const asked = (): string[] =>
    capture
      .take()
      .filter(({ sql }) => /^(BEGIN|COMMIT|ROLLBACK)$/.test(sql))
      .map(({ sql, connection: id }) => `${sql} ${id}`);

  it.each([
    ['COMMIT is refused', 'COMMIT', serverError(3998, 16)],
    ['COMMIT is not answered in time', 'COMMIT', 'silence'],
    ['COMMIT is never answered, and nor is its end', 'COMMIT', 'hang'],
    ['COMMIT is cut', 'COMMIT', 'cut'],
    ['ROLLBACK is refused', 'ROLLBACK', serverError(3998, 16)],
    ['ROLLBACK is not answered in time', 'ROLLBACK', 'silence'],
  ] as const)('is closed and never used again: %s', async (_name, failing, answer) => {
    const isUnanswered = answer === 'silence' || answer === 'hang';
    await open({ statementTimeoutMs: isUnanswered ? 3_000 : 10_000 });
    let failures = 1;
    capture.answer = ({ sql }) => {
      if (failing === 'ROLLBACK' && sql.startsWith('UPDATE') && failures > 0) return serverError(515, 16);
      if (sql !== failing || failures === 0) return undefined;
      failures -= 1;
      return answer;
    };
    await expect(write()).rejects.toThrow();
    const [begun] = asked();
    const first = Number(begun!.split(' ')[1]);
    await until(() => !capture.server.open.includes(first));
    await write();
    const [next, , ...more] = asked();
    const second = Number(next!.split(' ')[1]);
    expect(next).toBe(`BEGIN ${second}`);
    expect(second).not.toBe(first);
    expect(more).toEqual([]);
    expect(capture.server.depthOf(second)).toBe(0);
  });

  it('is used again if it did end', async () => {
    await open();
    let failures = 1;
    capture.answer = ({ sql }) => {
      if (!sql.startsWith('UPDATE') || failures === 0) return undefined;
      failures -= 1;
      return serverError(515, 16);
    };
    await expect(write()).rejects.toThrow();
    await write();
    const ids = new Set(asked().map((each) => each.split(' ')[1]));
    expect(ids.size).toBe(1);
  });
});

it('errors that no row is to blame for are not taken for its content', async () => {
  await open();
  const { errorKind } = capture.dialect();
  for (const number of [40549, 40550, 40551, 40552, 40553, 952, 942, 229, 334]) {
    capture.answer = () => serverError(number, 14);
    const error: unknown = await connection!.read('SELECT 1 AS x', []).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect([number, errorKind(error)]).toEqual([number, 'unavailable']);
  }
});

describe('a session', () => {
  it('sets every setting that the reading of results relies on, whatever the defaults of the server', async () => {
    await open();
    const { setups } = capture.server;
    expect(setups.length).toBeGreaterThan(2);
    for (const setup of setups) {
      expect(setup.split('\n')).toEqual(
        expect.arrayContaining([
          'set nocount off',
          'set rowcount 0',
          'set lock_timeout -1',
          'set xact_abort off',
          'set implicit_transactions off',
          'set quoted_identifier on',
          'set ansi_nulls on',
          'set ansi_warnings on',
          'set ansi_padding on',
          'set arithabort on',
          'set concat_null_yields_null on',
          'set numeric_roundabort off',
          'set textsize 2147483647',
          'set language us_english',
          'set dateformat mdy',
          'set datefirst 7',
          'set transaction isolation level read committed',
        ]),
      );
    }
  });
});

describe('the settings of the database', () => {
  let warned: unknown[];

  beforeEach(() => {
    warned = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line) => void warned.push(line));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const withSetting = (column: string, value: unknown): void => {
    capture.answer = ({ sql }) => (sql.includes(column) ? [{ setting: value }] : undefined);
  };

  it('are those of the database by its name, for on Azure its id may be another', async () => {
    connection = await openDatabaseConnection(sqliteConfig('unused', { server: capture.config() }));
    const asked = capture.take().filter(({ sql }) => sql.includes('sys.databases'));
    expect(asked).toHaveLength(2);
    for (const { sql } of asked) expect(sql).toMatch(/ WHERE name = DB_NAME\(\)$/);
  });

  it('cause a warning if readers wait for writers', async () => {
    withSetting('is_read_committed_snapshot_on', false);
    await open();
    expect(warned).toEqual([
      { msg: expect.stringMatching(/READ_COMMITTED_SNAPSHOT off: .* Run ALTER DATABASE camunda_api SET/) },
    ]);
  });

  it.each([
    ['if they do not', true],
    ['if the login may not read the setting', undefined],
  ])('are not warned of %s', async (_name, value) => {
    if (value === undefined)
      capture.answer = ({ sql }) => (sql.includes('sys.') ? serverError(229) : undefined);
    else withSetting('is_read_committed_snapshot_on', value);
    await open();
    expect(warned).toEqual([]);
  });

  it('end a boot on one that answers commits before they are on the disk', async () => {
    withSetting('delayed_durability', 2);
    await expect(open()).rejects.toThrow(DatabaseStartError);
  });
});

describe('a connection that is cut', () => {
  it('at any byte of what the server says ends a boot with a sentence, or is got over', async () => {
    await capture.close();
    let booted = false;
    // The first connection of a boot says some hundred bytes, others more.
    for (let cutAfter = 0; !booted; cutAfter += 7 + Math.floor(cutAfter / 2)) {
      capture = await CapturedMssql.open({ cutAfter });
      try {
        await open();
        booted = true;
      } catch (error) {
        expect(error).toBeInstanceOf(DatabaseStartError);
        expect((error as Error).message).toMatch(/^SQL Server at 127\.0\.0\.1:\d+ (cannot be|failed while)/);
        await capture.close();
      }
    }
    expect(booted).toBe(true);
  }, 120_000);

  it('in the midst of a statement is replaced for the next one', async () => {
    await open();
    capture.answer = () => 'cut';
    await expect(connection!.read('SELECT a FROM t', [])).rejects.toThrow();
    await expect(connection!.transaction((sql) => sql.query('SELECT a FROM t'))).rejects.toThrow();
    capture.answer = ({ sql }) => (sql.startsWith('SELECT a') ? [{ a: 1 }] : undefined);
    expect(await connection!.read('SELECT a FROM t', [])).toEqual([{ a: 1 }]);
    expect(await connection!.transaction((sql) => sql.query('SELECT a FROM t'))).toEqual([{ a: 1 }]);
  });
});

describe('a transaction in one round trip', () => {
  const both = (): Promise<readonly unknown[]> =>
    connection!.transaction(
      (sql) =>
        Promise.all([
          sql.query('SELECT a FROM t WHERE b = ?', ['x']),
          sql.execute('UPDATE t SET a = ?', [1]),
          sql.queryOr({ sql: 'UPDATE t SET a = 2 OUTPUT INSERTED.a WHERE b = ?', parameters: ['y'] }, 1, {
            sql: 'SELECT a FROM t WHERE b = ?',
            parameters: ['z'],
          }),
        ]),
      { oneMessage: true },
    );

  it('returns the result of each statement', async () => {
    await open();
    capture.answer = ({ sql, parameters }) => {
      if (sql.startsWith('SELECT a')) return parameters[0]?.value === 'x' ? [{ a: 1 }, { a: 2 }] : [{ a: 3 }];
      return undefined;
    };
    capture.server.exchanges.splice(0);
    const [selected, , guarded] = await both();
    expect(selected).toEqual([{ a: 1 }, { a: 2 }]);
    expect(guarded).toMatchObject({ rows: [], otherwise: [{ a: 3 }] });
    expect(capture.server.exchanges).toHaveLength(1);
  });

  it('ends the transaction at the first error, and rethrows it', async () => {
    await open();
    capture.answer = ({ sql }) => (sql.startsWith('UPDATE t SET a = @0') ? serverError(2627) : undefined);
    const error: unknown = await both().then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(capture.dialect().errorKind(error)).toBe('conflict');
    const [{ sql } = { sql: '' }] = capture.server.exchanges.slice(-1);
    expect(sql).toMatch(
      /^DECLARE @n0 int, @n1 int, @n2 int;\nSET XACT_ABORT ON;\nIF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;\nBEGIN TRY\nBEGIN TRANSACTION;\n/,
    );
    expect(sql).toMatch(
      /\nCOMMIT TRANSACTION;\nEND TRY\nBEGIN CATCH\nIF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;\nTHROW;\nEND CATCH;\n/,
    );
  });

  it('counts as an unavailable server if there is no answer, or the connection is cut', async () => {
    await open({ statementTimeoutMs: 3_000 });
    for (const answer of ['silence', 'cut'] as const) {
      capture.answer = ({ sql }) => (sql.startsWith('UPDATE') ? answer : undefined);
      const error: unknown = await both().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(capture.dialect().errorKind(error)).toBe('unavailable');
    }
  });
});
