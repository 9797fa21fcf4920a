import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import Database from 'better-sqlite3';
import { createApp } from '../../src/app.factory.js';
import { createConfiguration } from '../../src/config/index.js';
import { PROCESSES, type ServiceProcess } from '../../src/processes/index.js';

/** What a client sees of an answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body. */
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** A row of a table, by column. */
export type Row = Record<string, unknown>;

/** The whole service on a free loopback port, with a database in a temporary folder. */
export class RunningService {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly baseUrl: string,
    readonly dataDir: string,
  ) {}

  /**
   * Boots the service.
   *
   * @param variables environment on top of the test's defaults; a `DATA_DIR` of your own is not removed at the end
   */
  static async start(
    variables: Record<string, string> = {},
    processes: readonly ServiceProcess[] = PROCESSES,
  ): Promise<RunningService> {
    const dataDir = variables.DATA_DIR ?? mkdtempSync(join(tmpdir(), 'fastify-camunda-'));
    const configuration = createConfiguration({
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: dataDir,
      SIMULATOR_SLOW_MS: '700',
      SHUTDOWN_TIMEOUT_MS: '500',
      ...variables,
    });
    const app = await createApp(configuration, processes);
    await app.listen(0, '127.0.0.1');
    return new RunningService(app, await app.getUrl(), dataDir);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return readAnswer(await fetch(`${this.baseUrl}${path}`, { headers }));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return readAnswer(response);
  }

  start(
    correlationId: string,
    variables: Record<string, unknown> = { userId: correlationId },
  ): Promise<Answer> {
    return this.post('/api/process/start', { processKey: 'onboard-user', correlationId, variables });
  }

  status(correlationId: string): Promise<Answer> {
    return this.get(`/api/process/status/${correlationId}`);
  }

  /** The trail, once it has as many rows as awaited: the row of a start is not awaited by its answer. */
  wholeTrail(correlationId: string, rows: number): Promise<Row[]> {
    return eventually(
      () => this.trail(correlationId),
      (trail) => trail.length >= rows,
    );
  }

  /** Asks for the status until it is no longer pending. */
  async finished(correlationId: string): Promise<Answer> {
    return eventually(
      () => this.status(correlationId),
      (answer) => answer.status !== 202,
    );
  }

  /** Rows of the database as another reader sees them: only what is committed. */
  rows(sql: string, ...parameters: unknown[]): Row[] {
    const database = new Database(join(this.dataDir, 'fastify-camunda.sqlite'), { readonly: true });
    try {
      return database.prepare(sql).all(...parameters) as Row[];
    } finally {
      database.close();
    }
  }

  /** The trail of a process by time, as the spec's query has it. */
  trail(correlationId: string): Row[] {
    return this.rows(
      'SELECT * FROM event_log WHERE correlation_id = ? ORDER BY created_at, step, seq',
      correlationId,
    );
  }

  /** Stops the service; the database stays. */
  async stop(): Promise<void> {
    await this.app.close();
  }

  /** Stops the service and removes its folder. */
  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    text,
  };
}

/** Repeats a look until it shows what is awaited; fails after 15 s with the last look. */
export async function eventually<T>(look: () => T | Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  const end = Date.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > end) throw new Error(`This did not come: last seen ${JSON.stringify(seen)}`);
    await new Promise(setImmediate);
  }
}
