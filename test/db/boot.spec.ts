import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { SCHEMA_VERSION } from '../../migrations/index.js';
import type { DatabaseServerConfig } from '../../src/config/index.js';
import { DatabaseStartError } from '../../src/database/index.js';
import { ServerConnection } from '../../src/database/server/server.connection.js';
import { serverDialectOf } from '../../src/database/server/server.dialects.js';
import { removeServerSchema, testDatabase } from '../../src/database/testing/database.target.js';
import { RunningService } from '../support/service.js';
import { Listener } from './support/listener.js';
import { serverConfig, ServerSession } from './support/server.session.js';

const PRODUCT = testDatabase === 'mssql' ? 'SQL Server' : 'PostgreSQL';

describe('a boot on a database server', () => {
  let listener: Listener | null;

  beforeEach(() => {
    Logger.overrideLogger(false);
    listener = null;
  });

  afterEach(async () => {
    await listener?.close();
  });

  const listen = async (onConnection?: (socket: Socket) => void): Promise<Listener> =>
    (listener = await Listener.open(onConnection));

  /** The message of a boot error: one or two sentences for an operator. */
  const errorOf = async (
    changes: Partial<DatabaseServerConfig>,
    signal?: AbortSignal,
  ): Promise<{ message: string; elapsedMs: number }> => {
    const config = serverConfig(changes);
    const began = performance.now();
    const error: unknown = await ServerConnection.open(serverDialectOf(config), config, signal).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DatabaseStartError);
    const { message } = error as Error;
    expect(message).not.toMatch(/\n|\bat .*:\d+:\d+|undefined|\[object/);
    if (config.password !== null) expect(message).not.toContain(config.password);
    return { message, elapsedMs: performance.now() - began };
  };

  /** An address without a listener: its server has just closed. */
  const freePort = async (): Promise<number> => {
    const { port } = await listen();
    await listener?.close();
    listener = null;
    return port;
  };

  it('fails at once if the login is refused, and names what to check', async () => {
    const user = 'nobody_of_that_name';
    const { host, port } = serverConfig();
    // A retry would exceed this limit.
    const { message, elapsedMs } = await errorOf({ user, password: 'wrong', bootTimeoutMs: 60_000 });
    expect(message).toContain(
      `${PRODUCT} at ${host}:${port} cannot be used: it does not take the login ${user} (`,
    );
    expect(message).toMatch(/ Check DB_USER and DB_PASSWORD\.$/);
    expect(elapsedMs).toBeLessThan(10_000);
  });

  it('fails if the database does not exist, and names the remedy', async () => {
    // SQL Server sends the same error for a database that resumes or fails over, so the boot waits.
    const bootTimeoutMs = testDatabase === 'mssql' ? 500 : 60_000;
    const { message, elapsedMs } = await errorOf({ name: 'no_such_database', bootTimeoutMs });
    expect(message).toContain(`${PRODUCT} at `);
    expect(message).toMatch(/ cannot be used(, also not after 500 ms)?: it has no database no_such_database/);
    expect(message).toMatch(/ Create it, .*set DB_NAME to (one that is there|another)\./);
    expect(elapsedMs).toBeLessThan(10_000);
  });

  it('names the address without a listener after its time limit', async () => {
    const port = await freePort();
    const { message, elapsedMs } = await errorOf({ host: '127.0.0.1', port, bootTimeoutMs: 600 });
    const beginning = `${PRODUCT} at 127.0.0.1:${port} cannot be reached, also not after 600 ms: `;
    expect(message.slice(0, beginning.length)).toBe(beginning);
    expect(message.slice(beginning.length)).toMatch(/^(?!Error)[^:]*ECONNREFUSED/);
    expect(message).toMatch(
      / Check DB_TYPE, DB_HOST and DB_PORT, and that the server runs and may be reached from here\.$/,
    );
    expect(elapsedMs).toBeGreaterThan(200);
  });

  it('repeats attempts while connections are closed, and reports it after its time limit', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const { message } = await errorOf({ host: '127.0.0.1', port, bootTimeoutMs: 1_000 });
    expect(message).toContain(`${PRODUCT} at 127.0.0.1:${port} cannot be reached, also not after 1000 ms: `);
    expect(message).toContain('. Check DB_TYPE, DB_HOST and DB_PORT');
    // At 0, 250 and 750 ms.
    expect(listener?.connections).toBeGreaterThanOrEqual(2);
  });

  it('ends at once if it is stopped between two attempts', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const stop = new AbortController();
    const refused = errorOf({ host: '127.0.0.1', port, bootTimeoutMs: 60_000 }, stop.signal);
    await listener?.untilConnections(3);
    stop.abort();
    const { message } = await refused;
    expect(listener?.connections).toBe(3);
    expect(message).toBe(`The service was stopped while it waited for ${PRODUCT} at 127.0.0.1:${port}.`);
  });

  it('ends at once if it is stopped while the server does not respond', async () => {
    const { port } = await listen();
    const stop = new AbortController();
    const changes = { host: '127.0.0.1', port, bootTimeoutMs: 60_000, connectTimeoutMs: 15_000 };
    const refused = errorOf(changes, stop.signal);
    await listener?.untilConnections(1);
    const before = performance.now();
    stop.abort();
    const { message } = await refused;
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(message).toBe(`The service was stopped while it waited for ${PRODUCT} at 127.0.0.1:${port}.`);
  });

  it('makes no attempt if it was stopped before', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const { message } = await errorOf(
      { host: '127.0.0.1', port, bootTimeoutMs: 60_000 },
      AbortSignal.abort(),
    );
    expect(message).toContain('The service was stopped while it waited for ');
    expect(listener?.connections).toBe(0);
  });

  it('does not wait without a limit if the server does not respond', async () => {
    const { port } = await listen();
    const changes = { host: '127.0.0.1', port, bootTimeoutMs: 500, connectTimeoutMs: 300 };
    const { message, elapsedMs } = await errorOf(changes);
    expect(message).toContain(`${PRODUCT} at 127.0.0.1:${port} cannot be reached, also not after 500 ms: `);
    expect(listener?.connections).toBeGreaterThanOrEqual(1);
    expect(elapsedMs).toBeLessThan(5_000);
  });

  // SQL Server always offers TLS, with a self-signed certificate if necessary, and has other errors for rights and limits.
  if (testDatabase === 'postgres') {
    describe('with a login that has few rights', () => {
      const user = `few_rights_${randomBytes(4).toString('hex')}`;
      const password = randomBytes(8).toString('hex');
      let config: DatabaseServerConfig;
      let session: ServerSession;

      beforeEach(async () => {
        config = serverConfig();
        session = await ServerSession.open(config);
        await session.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
      });

      afterEach(async () => {
        await session.query(`DROP OWNED BY ${user} CASCADE`);
        await session.query(`DROP ROLE ${user}`);
        await session.close();
        await removeServerSchema({ server: config });
      });

      const open = async (changes: Partial<DatabaseServerConfig> = {}): Promise<number> => {
        const connection = await ServerConnection.open(serverDialectOf(config), {
          ...config,
          user,
          password,
          ...changes,
        });
        try {
          return await connection.schemaVersion();
        } finally {
          await connection.close();
        }
      };

      it('fails if it may not create the schema, and names the remedy', async () => {
        const { message } = await errorOf({ schema: config.schema, user, password });
        expect(message).toMatch(
          /^PostgreSQL at .*:\d+ refuses what the schema needs: permission denied for database \w+\. /,
        );
        expect(message).toContain(
          `A migration that had begun was taken back. Give the login ${user} the right`,
        );
        expect(message).toMatch(/npm run migration:run with a login that has it, and set DB_MIGRATE=off\.$/);
        expect(await session.tables()).toEqual([]);
      });

      it('creates the tables in an existing schema', async () => {
        await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        expect(await open()).toBe(SCHEMA_VERSION);
      });

      it('works with tables that another login has created', async () => {
        const owner = await ServerConnection.open(serverDialectOf(config), config);
        await owner.close();
        await session.query(`GRANT USAGE ON SCHEMA "${config.schema}" TO ${user}`);
        const { message } = await errorOf({ schema: config.schema, user, password, migrate: false });
        expect(message).toContain(`The database has no tables that ${user} may use`);
        expect(message).toContain('Run npm run migration:run once with the settings of this service');
        await session.query(
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${config.schema}" TO ${user}`,
        );
        for (const migrate of [false, true]) expect(await open({ migrate })).toBe(SCHEMA_VERSION);
      });

      describe('with other defaults', () => {
        const hostile = {
          DateStyle: 'German',
          IntervalStyle: 'sql_standard',
          TimeZone: 'Asia/Kathmandu',
          standard_conforming_strings: 'off',
          backslash_quote: 'on',
          transform_null_equals: 'on',
          synchronous_commit: 'off',
          default_transaction_isolation: 'serializable',
          default_transaction_read_only: 'on',
          client_encoding: 'LATIN1',
          bytea_output: 'escape',
          extra_float_digits: '-15',
          search_path: 'pg_catalog',
          statement_timeout: '1ms',
          lock_timeout: '1ms',
          idle_in_transaction_session_timeout: '1ms',
        };

        beforeEach(async () => {
          await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        });

        it.each(['', ` IN DATABASE "${serverConfig().name}"`])(
          'overrides every setting that affects reads and writes (ALTER ROLE%s)',
          async (scope) => {
            for (const [name, value] of Object.entries(hostile))
              await session.query(`ALTER ROLE ${user}${scope} SET ${name} TO '${value}'`);
            const server = { ...config, user, password };
            const dialect = serverDialectOf(server);
            const connection = await ServerConnection.open(dialect, server);
            try {
              const at = new Date('2026-02-03T04:05:06.789Z');
              const text = 'Zoë → 🙂';
              const select =
                `SELECT ?::timestamptz AS at, ?::text AS text, '\\n' AS backslash, (1 = NULL) IS NULL AS unknown, ` +
                `0.1::double precision + 0.2 AS sum, interval '1 day' AS day, '\\x00'::bytea AS bytes, ` +
                `current_setting('synchronous_commit') AS commits, current_setting('transaction_isolation') AS isolation, ` +
                `current_setting('transaction_read_only') AS read_only, current_setting('TimeZone') AS zone, ` +
                `current_schema() AS schema`;
              const parameters = [dialect.time(at), text];
              const seen = {
                at,
                text,
                backslash: '\\n',
                unknown: true,
                sum: 0.1 + 0.2,
                day: expect.objectContaining({ days: 1 }) as unknown,
                bytes: Buffer.from([0]),
                commits: 'on',
                isolation: 'read committed',
                read_only: 'off',
                zone: 'UTC',
                schema: config.schema,
              };
              expect(await connection.read(select, parameters)).toEqual([seen]);
              await connection.transaction(async (sql) => {
                expect(await sql.query(select, parameters)).toEqual([seen]);
              });
            } finally {
              await connection.close();
            }
          },
        );

        it('still serves processes', async () => {
          for (const [name, value] of Object.entries(hostile))
            await session.query(`ALTER ROLE ${user} SET ${name} TO '${value}'`);
          const service = await RunningService.start({
            DB_USER: user,
            DB_PASSWORD: password,
            DB_SCHEMA: config.schema ?? '',
          });
          try {
            const data = { text: "Zoë → 🙂 \\ '" };
            const complete = { correlationId: 'other', status: 'ok', data };
            expect((await service.post('/api/process/complete', complete)).status).toBe(200);
            const started = await service.start('user-1');
            expect([started.status, started.body.status]).toEqual([200, 'ok']);
            expect((await service.status('other')).body).toMatchObject({ status: 'ok', data });
            const list = await service.get('/api/process/status/all?limit=10&include=data');
            expect([list.status, list.body.count]).toEqual([200, 2]);
            const events = await service.get('/api/process/events/user-1');
            expect(events.status).toBe(200);
            const [first] = events.body.events as { createdAt: string }[];
            expect(Math.abs(Date.now() - Date.parse(first?.createdAt ?? ''))).toBeLessThan(3_600_000);
            expect((await service.get('/health/ready')).status).toBe(200);
          } finally {
            await service.destroy();
          }
        });
      });

      it('boots with as few connections as the login may have', async () => {
        await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        await session.query(`ALTER ROLE ${user} CONNECTION LIMIT 2`);
        expect(await open()).toBe(SCHEMA_VERSION);
      });
    });

    it('fails at once if the server has no TLS, and names the setting that disables TLS', async () => {
      // PostgreSQL's response to a TLS request without TLS.
      const { port } = await listen((socket) => socket.once('data', () => socket.end('N')));
      const changes = { host: '127.0.0.1', port, encrypt: true, bootTimeoutMs: 60_000 };
      const { message, elapsedMs } = await errorOf(changes);
      expect(message).toBe(
        `PostgreSQL at 127.0.0.1:${port} cannot be used: it does not speak TLS. ` +
          'Set DB_ENCRYPT=off, or turn ssl on at the server.',
      );
      expect(elapsedMs).toBeLessThan(10_000);
    });
  }
});
