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

  /** The error of a boot, which is a sentence or two for a person. */
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

  /** An address at which nobody listens: it was somebody's a moment ago. */
  const freePort = async (): Promise<number> => {
    const { port } = await listen();
    await listener?.close();
    listener = null;
    return port;
  };

  it('says at once that the login is not taken, and what to check', async () => {
    const user = 'nobody_of_that_name';
    const { host, port } = serverConfig();
    // With the time of a boot it would be tried again.
    const { message, elapsedMs } = await errorOf({ user, password: 'wrong', bootTimeoutMs: 60_000 });
    expect(message).toContain(
      `${PRODUCT} at ${host}:${port} cannot be used: it does not take the login ${user} (`,
    );
    expect(message).toMatch(/ Check DB_USER and DB_PASSWORD\.$/);
    expect(elapsedMs).toBeLessThan(10_000);
  });

  it('says that there is no such database, and what to do', async () => {
    // SQL Server says the same of a database that resumes or fails over, so its boot waits.
    const bootTimeoutMs = testDatabase === 'mssql' ? 500 : 60_000;
    const { message, elapsedMs } = await errorOf({ name: 'no_such_database', bootTimeoutMs });
    expect(message).toContain(`${PRODUCT} at `);
    expect(message).toMatch(/ cannot be used(, also not after 500 ms)?: it has no database no_such_database/);
    expect(message).toMatch(/ Create it, .*set DB_NAME to (one that is there|another)\./);
    expect(elapsedMs).toBeLessThan(10_000);
  });

  it('says where nobody listens, when its time is over', async () => {
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

  it('tries again and again where connections are closed, and says so when its time is over', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const { message } = await errorOf({ host: '127.0.0.1', port, bootTimeoutMs: 1_000 });
    expect(message).toContain(`${PRODUCT} at 127.0.0.1:${port} cannot be reached, also not after 1000 ms: `);
    expect(message).toContain('. Check DB_TYPE, DB_HOST and DB_PORT');
    // At 0, 250 and 750 ms.
    expect(listener?.connections).toBeGreaterThanOrEqual(2);
  });

  it('ends at once when it is told to stop between two attempts', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const stop = new AbortController();
    const refused = errorOf({ host: '127.0.0.1', port, bootTimeoutMs: 60_000 }, stop.signal);
    await listener?.untilConnections(3);
    stop.abort();
    const { message } = await refused;
    expect(listener?.connections).toBe(3);
    expect(message).toBe(`The service was stopped while it waited for ${PRODUCT} at 127.0.0.1:${port}.`);
  });

  it('ends at once when it is told to stop while the server does not answer', async () => {
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

  it('makes no attempt where it was told to stop before', async () => {
    const { port } = await listen((socket) => socket.destroy());
    const { message } = await errorOf(
      { host: '127.0.0.1', port, bootTimeoutMs: 60_000 },
      AbortSignal.abort(),
    );
    expect(message).toContain('The service was stopped while it waited for ');
    expect(listener?.connections).toBe(0);
  });

  it('does not wait for ever where the server does not answer', async () => {
    const { port } = await listen();
    const changes = { host: '127.0.0.1', port, bootTimeoutMs: 500, connectTimeoutMs: 300 };
    const { message, elapsedMs } = await errorOf(changes);
    expect(message).toContain(`${PRODUCT} at 127.0.0.1:${port} cannot be reached, also not after 500 ms: `);
    expect(listener?.connections).toBeGreaterThanOrEqual(1);
    expect(elapsedMs).toBeLessThan(5_000);
  });

  // SQL Server always speaks TLS, if with a certificate of its own making, and has other words for rights and limits.
  if (testDatabase === 'postgres') {
    describe('with a login of few rights', () => {
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

      it('says that it may not make the schema, and what to do', async () => {
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

      it('makes the tables in a schema that somebody has made for it', async () => {
        await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        expect(await open()).toBe(SCHEMA_VERSION);
      });

      it('works with tables that another login has made', async () => {
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

      it('reads times and conditions right, whatever the defaults of the login', async () => {
        await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        const hostile = {
          DateStyle: 'German',
          IntervalStyle: 'sql_standard',
          TimeZone: 'Asia/Kathmandu',
          standard_conforming_strings: 'off',
          transform_null_equals: 'on',
          synchronous_commit: 'off',
          default_transaction_isolation: 'serializable',
          search_path: 'pg_catalog',
        };
        for (const [name, value] of Object.entries(hostile))
          await session.query(`ALTER ROLE ${user} SET ${name} TO '${value}'`);
        const server = { ...config, user, password };
        const connection = await ServerConnection.open(serverDialectOf(server), server);
        try {
          const at = new Date('2026-02-03T04:05:06.789Z');
          const [row] = await connection.read(
            `SELECT ?::timestamptz AS at, '\\n' AS backslash, (1 = NULL) IS NULL AS unknown, ` +
              `current_setting('synchronous_commit') AS commits, current_schema() AS schema`,
            [serverDialectOf(server).time(at)],
          );
          expect(row).toEqual({
            at,
            backslash: '\\n',
            unknown: true,
            commits: 'on',
            schema: config.schema,
          });
        } finally {
          await connection.close();
        }
      });

      it('boots with as few connections as the login may have', async () => {
        await session.query(`CREATE SCHEMA "${config.schema}" AUTHORIZATION ${user}`);
        await session.query(`ALTER ROLE ${user} CONNECTION LIMIT 2`);
        expect(await open()).toBe(SCHEMA_VERSION);
      });
    });

    it('says at once that the server speaks no TLS, and how to do without', async () => {
      // What PostgreSQL answers to the request for TLS where it has none.
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
