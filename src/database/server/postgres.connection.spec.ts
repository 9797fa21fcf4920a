import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { DataSource } from 'typeorm';
import { createConfiguration } from '../../config/index.js';
import { postgresDialect } from './postgres.dialect.js';

/** Messages of the PostgreSQL protocol, https://www.postgresql.org/docs/current/protocol-message-formats.html. */
function message(type: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const READY = message('Z', 'I');
const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
const TERMINATED = message('E', 'SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
/** One row with one column, which TypeORM reads as the version of the server. */
const ROW = Buffer.concat([
  message(
    'T',
    Buffer.from([0, 1]),
    'version\0',
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
  ),
  message('D', Buffer.from([0, 1, 0, 0, 0, 15]), 'PostgreSQL 15.0'),
  message('C', 'SELECT 1\0'),
  READY,
]);

/** A server that answers each query with a row, and can end a session in the same packet in which it opens it. */
class ScriptedPostgres {
  private readonly server: Server = createServer((socket) => {
    this.serve(socket);
  });
  terminations = 0;
  private sessions = 0;

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  get opened(): number {
    return this.sessions;
  }

  private serve(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      this.sessions += 1;
      if (this.terminations > 0) {
        this.terminations -= 1;
        socket.end(Buffer.concat([WELCOME, TERMINATED]));
        return;
      }
      socket.write(WELCOME);
      socket.on('data', (data) => {
        if (data[0] === 'Q'.charCodeAt(0)) socket.write(ROW);
      });
    });
  }
}

describe('an error of PostgreSQL', () => {
  it('of a missing permission is no fault of the row, because an administrator may give it again', () => {
    expect(postgresDialect.errorKind({ driverError: { code: '42501' } })).toBe('unavailable');
    expect(postgresDialect.errorKind({ driverError: { code: '42P01' } })).toBe('content');
  });
});

describe('a connection to PostgreSQL', () => {
  let server: ScriptedPostgres;
  let pool: DataSource;

  beforeEach(async () => {
    server = new ScriptedPostgres();
    const { server: config } = createConfiguration({
      DB_TYPE: 'postgres',
      DB_HOST: '127.0.0.1',
      DB_PORT: String(await server.listen()),
      DB_NAME: 'service',
      DB_USER: 'service',
    }).database;
    pool = new DataSource(postgresDialect.dataSourceOptions(config!, 'read'));
    await pool.initialize();
  });

  afterEach(async () => {
    await pool.destroy();
    await server.close();
  });

  it('that the server ends as soon as it is open fails its statement and not the process', async () => {
    const opened = server.opened;
    server.terminations = 3;
    const statements = Array.from({ length: 4 }, () => pool.query('SELECT 1'));
    const results = await Promise.allSettled(statements);
    expect(server.opened).toBeGreaterThan(opened);
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    expect(
      results.every(
        (each) => each.status === 'fulfilled' || postgresDialect.errorKind(each.reason) === 'unavailable',
      ),
    ).toBe(true);
    expect(await pool.query('SELECT 1')).toEqual([{ version: 'PostgreSQL 15.0' }]);
  });
});
