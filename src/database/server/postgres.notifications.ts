import pg from 'pg';
import type { DatabaseServerConfig } from '../../config/index.js';
import { postgresTls } from './postgres.dialect.js';

/** First and longest pause before the server is tried again, in ms. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Milliseconds in which the server has to answer a NOTIFY. */
const QUERY_TIMEOUT_MS = 2_000;

/** What the owner of {@link PostgresNotifications} hears. */
export interface NotificationListener {
  /** @param payload must be handled without an exception */
  readonly onMessage: (payload: string) => void;
  /** Called after each LISTEN. */
  readonly onListening: () => void;
  /** Called with each failure. */
  readonly onError: (error: Error) => void;
}

/**
 * Sends and receives notifications of PostgreSQL on a connection of its own, which is opened again after each loss
 * (https://www.postgresql.org/docs/current/sql-notify.html).
 *
 * A NOTIFY is a transaction of its own: inside a transaction that writes, it would hold a lock of the whole database until
 * the flush of the commit, and so make all commits wait for each other.
 */
export class PostgresNotifications {
  private client: pg.Client | null = null;
  private retry: NodeJS.Timeout | null = null;
  private attempts = 0;
  private closed = false;

  /** @param channel of LISTEN, at most 63 bytes of letters, digits and _ */
  constructor(
    private readonly config: DatabaseServerConfig,
    private readonly channel: string,
    private readonly listener: NotificationListener,
  ) {}

  /** Connects in the background. */
  open(): void {
    if (!this.closed) void this.connect();
  }

  /** Sends a payload of at most 7 999 bytes. @throws the error of the server, or one that there is no connection */
  async notify(payload: string): Promise<void> {
    if (this.client === null) throw new Error('PostgreSQL is not connected.');
    await this.client.query('SELECT pg_notify($1, $2)', [this.channel, payload]);
  }

  /** Gives up the connection and opens another one. */
  reset(): void {
    const { client } = this;
    if (client === null) return;
    this.lose(client);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  /** @throws an error of the file system if DB_CA_FILE cannot be read */
  private createClient(): pg.Client {
    const { host, port, user, password, name, connectTimeoutMs } = this.config;
    const client = new pg.Client({
      host,
      port,
      user,
      ...(password === null ? {} : { password }),
      database: name,
      ssl: postgresTls(this.config),
      application_name: 'fastify-camunda wake-ups',
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      // A lost notification does no harm, so that none waits for a flush.
      options: '-c synchronous_commit=off',
    });
    client.on('error', (error) => {
      this.listener.onError(error);
      this.lose(client);
    });
    client.on('end', () => {
      this.lose(client);
    });
    client.on('notification', ({ channel, payload = '' }) => {
      if (channel === this.channel && client === this.client) this.listener.onMessage(payload);
    });
    return client;
  }

  /** Never rejects. */
  private async connect(): Promise<void> {
    let client: pg.Client | null = null;
    try {
      client = this.createClient();
      await client.connect();
      await client.query(`LISTEN "${this.channel}"`);
      if (this.closed) {
        await client.end();
        return;
      }
      this.client = client;
      this.attempts = 0;
      this.listener.onListening();
    } catch (error) {
      this.listener.onError(error instanceof Error ? error : new Error(String(error)));
      client?.end().catch(() => undefined);
      this.connectLater();
    }
  }

  private lose(client: pg.Client): void {
    if (client !== this.client) return;
    this.client = null;
    client.end().catch(() => undefined);
    this.connectLater();
  }

  private connectLater(): void {
    if (this.closed || this.retry !== null) return;
    const pause = Math.min(RETRY_MIN_MS * 2 ** Math.min(this.attempts, 10), RETRY_MAX_MS);
    this.attempts += 1;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.open();
    }, pause);
    this.retry.unref();
  }
}
