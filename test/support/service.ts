import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.factory.js';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { createConfiguration } from '../../src/config/index.js';
import { PROCESSES, type ServiceProcess } from '../../src/processes/index.js';
import { Contract, failOn } from './contract.js';
import { databaseVariables, readRows, removeTables, type Row } from './database.js';
import { clearSharedEngine, targetVariables } from './target.js';

/** An answer as a client receives it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body. */
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** The contract is the same for every service of a run. */
let contract: Promise<Contract> | undefined;

/**
 * The whole service on a free loopback port, with a database in a temporary folder.
 *
 * Each of its answers is checked against its OpenAPI document. An answer that differs fails the test at its next request
 * or at the stop.
 */
export class RunningService {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly baseUrl: string,
    readonly dataDir: string,
    private readonly processKeys: readonly string[],
    private readonly faults: string[],
  ) {}

  /**
   * Boots the service on the engine of this run. On a shared engine only one service may run at a time, because it would
   * work on the tasks of another.
   *
   * @param variables environment that overrides the defaults of tests; a given `DATA_DIR` is not removed at the end
   */
  static async start(
    variables: Record<string, string> = {},
    processes: readonly ServiceProcess[] = PROCESSES,
  ): Promise<RunningService> {
    const dataDir = variables.DATA_DIR ?? mkdtempSync(join(tmpdir(), 'fastify-camunda-'));
    const processKeys = processes.map(({ definition }) => definition.key);
    const configuration = createConfiguration({
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: dataDir,
      SIMULATOR_SLOW_MS: '700',
      // Long enough for a result on a busy machine; SYNC_TIMEOUT_MAX_MS limits the wait of a start to 55 s.
      SYNC_TIMEOUT_MS: '50000',
      SHUTDOWN_TIMEOUT_MS: '500',
      // Shorter than a stop: a poll that ends after its service would lock a task without a worker.
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '300',
      ...targetVariables(),
      ...databaseVariables(dataDir),
      ...variables,
    });
    const app = await createApp(configuration, processes);
    const faults: string[] = [];
    const served: { contract?: Contract } = {};
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onSend', (request, reply, payload, next) => {
        const { method, url: path } = request;
        const { statusCode: status } = reply;
        const answer = { method, path, status, headers: reply.getHeaders(), body: bodyOf(payload) };
        faults.push(...(served.contract?.faultsOf(answer) ?? []));
        next(null, payload);
      });
    await app.listen(0, '127.0.0.1');
    const baseUrl = await app.getUrl();
    contract ??= Contract.of(baseUrl);
    served.contract = await contract;
    return new RunningService(app, baseUrl, dataDir, processKeys, faults);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.read(await fetch(`${this.baseUrl}${path}`, { headers }));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return this.read(response);
  }

  /** Starts a process of the service, by default the first one. */
  start(
    correlationId: string,
    variables: Record<string, unknown> = { userId: correlationId },
    processKey = this.processKeys[0],
  ): Promise<Answer> {
    return this.post('/api/process/start', { processKey, correlationId, variables });
  }

  status(correlationId: string): Promise<Answer> {
    return this.get(`/api/process/status/${correlationId}`);
  }

  /** The trail, when it has the given number of rows: the answer to a start does not wait for its row. */
  wholeTrail(correlationId: string, rows: number): Promise<Row[]> {
    return eventually(
      () => this.trail(correlationId),
      (trail) => trail.length >= rows,
    );
  }

  /** Polls the status until it is no longer pending. */
  async finished(correlationId: string): Promise<Answer> {
    return eventually(
      () => this.status(correlationId),
      (answer) => answer.status !== 202,
    );
  }

  /** Number of instances with this business key that the engine has started. @param engineUrl if the service needs credentials */
  async countInstances(businessKey: string, engineUrl?: string): Promise<number> {
    const baseUrl = engineUrl ?? this.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false }).baseUrl;
    const query = `processInstanceBusinessKey=${encodeURIComponent(businessKey)}`;
    const answer = await fetch(`${baseUrl}/history/process-instance/count?${query}`);
    return ((await answer.json()) as { count: number }).count;
  }

  /** Number of instances with this business key that run in the engine. */
  async countRunning(businessKey: string): Promise<number> {
    const { baseUrl } = this.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    const answer = await fetch(
      `${baseUrl}/process-instance/count?businessKey=${encodeURIComponent(businessKey)}`,
    );
    return ((await answer.json()) as { count: number }).count;
  }

  /** Rows of the database as another connection sees them: only committed ones. */
  rows(sql: string, ...parameters: unknown[]): Promise<Row[]> {
    return readRows(this.dataDir, sql, parameters);
  }

  /** The trail of a process in order of time, with the query of the specification. */
  trail(correlationId: string): Promise<Row[]> {
    return this.rows(
      'SELECT * FROM event_log WHERE correlation_id = ? ORDER BY created_at, step, seq',
      correlationId,
    );
  }

  /** Stops the service and keeps the database. */
  async stop(): Promise<void> {
    await this.app.close();
    failOn(this.faults.splice(0));
  }

  /** Stops the service; removes its folder, and its deployments from a shared engine. */
  async destroy(): Promise<void> {
    await this.app.close();
    await clearSharedEngine(this.processKeys);
    await removeTables(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
    failOn(this.faults.splice(0));
  }

  private async read(response: Response): Promise<Answer> {
    const answer = await readAnswer(response);
    failOn(this.faults.splice(0));
    return answer;
  }
}

/** The text of a payload; null for a stream. */
function bodyOf(payload: unknown): string | null {
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.toString() : null;
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

/** Interval of {@link eventually} in ms: short enough for a test, and long enough not to slow the service down. */
const LOOK_MS = 5;

/** Repeats a read until its value meets the condition; fails after `limitMs`, by default a minute, with the last value. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > end)
      throw new Error(`The condition was not met; last value: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
