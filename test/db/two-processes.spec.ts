import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltEngine } from '../support/built-engine.js';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { databaseVariables, readRows, removeTables } from '../support/database.js';
import { eventually } from '../support/service.js';

/** Longer than any of these tests, so that an earlier answer means that the waiter was woken. */
const WAIT_MS = 15_000;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly replayed: boolean;
}

describe('two services over one database and one engine', () => {
  let folder: string;
  let engine: BuiltEngine;
  const services: BuiltService[] = [];
  const urls: string[] = [];

  async function spawnService(): Promise<string> {
    const service = BuiltService.spawn({
      ...databaseVariables(folder),
      DATA_DIR: mkdtempSync(join(folder, 'service-')),
      CAMUNDA_BASE_URL: engine.baseUrl,
      CAMUNDA_DEPLOY: 'on',
      SYNC_TIMEOUT_MS: String(WAIT_MS),
      SIMULATOR_SLOW_MS: '1500',
      CAMUNDA_LOCK_DURATION_MS: '3000',
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '500',
      CAMUNDA_START_TIMEOUT_MS: '1000',
      START_LEASE_MS: '1500',
      START_SETTLE_MS: '1500',
    });
    services.push(service);
    return service.listening();
  }

  beforeAll(async () => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-two-'));
    engine = await BuiltEngine.spawn(join(folder, 'engine'));
    // Both boot on an empty schema.
    urls.push(...(await Promise.all([spawnService(), spawnService()])));
  }, 300_000);

  afterAll(async () => {
    for (const service of services) await service.kill();
    await engine.end('SIGKILL');
    await removeTables(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  async function post(baseUrl: string, path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const replayed = response.headers.get('idempotent-replayed') === 'true';
    return { status: response.status, text: await response.text(), replayed };
  }

  const start = (baseUrl: string, correlationId: string, userId = correlationId): Promise<Answer> =>
    post(baseUrl, '/api/process/start', { processKey: 'onboard-user', correlationId, variables: { userId } });

  async function countInstances(businessKey: string): Promise<number> {
    const answer = await fetch(
      `${engine.baseUrl}/history/process-instance/count?processInstanceBusinessKey=${businessKey}`,
    );
    return ((await answer.json()) as { count: number }).count;
  }

  it('start one instance for a hundred equal starts at both, and return the same answer to all', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => start(urls[index % 2] ?? '', 'hundred')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(99);
    expect(await countInstances('hundred')).toBe(1);
  });

  it('refuse an id with other variables, even if the other service has started it', async () => {
    expect((await start(urls[0] ?? '', 'known')).status).toBe(200);
    expect((await start(urls[1] ?? '', 'known', 'somebody-else')).status).toBe(409);
  });

  it('wake the waiters of one when the other receives the outcome', async () => {
    const began = Date.now();
    const waiting = start(urls[0] ?? '', 'told-elsewhere', 'slow-told-elsewhere');
    await eventually(
      () => readRows(folder, "SELECT status FROM process_store WHERE correlation_id = 'told-elsewhere'", []),
      (rows) => rows.length === 1,
    );
    const completed = await post(urls[1] ?? '', '/api/process/complete', {
      correlationId: 'told-elsewhere',
      status: 'ok',
      data: { told: 'elsewhere' },
    });
    expect(completed.status).toBe(200);
    const answer = await waiting;
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { data: { told: 'elsewhere' } }]);
    expect(Date.now() - began).toBeLessThan(WAIT_MS);
  });

  it('wake the waiters of one when the other receives a cancel', async () => {
    const waiting = start(urls[0] ?? '', 'cancelled-elsewhere', 'slow-cancelled-elsewhere');
    await eventually(
      () =>
        readRows(
          folder,
          "SELECT process_instance_id AS id FROM process_store WHERE correlation_id = 'cancelled-elsewhere'",
          [],
        ),
      ([row]) => typeof row?.id === 'string',
    );
    expect((await post(urls[1] ?? '', '/api/process/cancel/cancelled-elsewhere', {})).status).toBe(200);
    const answer = await waiting;
    expect(JSON.parse(answer.text)).toMatchObject({ status: 'error', errorCode: 'CANCELLED' });
  });

  it('take over the work of the other after it was killed, with one process for each id', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `taken-over-${index}`);
    const cut = ids.map((id) => start(urls[0] ?? '', id, `slow-${id}`).catch(() => null));
    await eventually(
      () =>
        readRows(
          folder,
          "SELECT correlation_id FROM process_store WHERE correlation_id LIKE 'taken-over-%'",
          [],
        ),
      (rows) => rows.length === ids.length,
    );
    await services[0]?.kill();
    expect(await Promise.all(cut)).toEqual(ids.map(() => null));
    const answers = await Promise.all(ids.map((id) => start(urls[1] ?? '', id, `slow-${id}`)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    for (const id of ids) expect(await countInstances(id)).toBe(1);
  }, 300_000);
});
