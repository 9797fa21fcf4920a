import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { fetchByContract } from '../../support/contract.js';
import { holdDatabase, limitWriteWaits } from '../../support/held.database.js';
import { type Answer, eventually, RunningService } from '../../support/service.js';
import { clearSharedEngine } from '../../support/target.js';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startService(variables: Record<string, string> = {}): Promise<RunningService> {
  const service = await RunningService.start(variables);
  closers.push(() => service.destroy());
  return service;
}

/** Blocks all writes to the database, and limits how long a request waits for one, until the returned function is called. */
async function held(service: RunningService, writeWaitMs: number): Promise<() => void> {
  const release = await holdDatabase(service.dataDir);
  closers.push(release);
  const restore = limitWriteWaits(service.app, writeWaitMs);
  return () => {
    restore();
    release();
  };
}

function ready(service: RunningService, status: number): Promise<Answer> {
  return eventually(
    () => service.get('/health/ready'),
    (answer) => answer.status === status,
  );
}

function cancel(service: RunningService, correlationId: string): Promise<Answer> {
  return service.post(`/api/process/cancel/${correlationId}`, {});
}

function complete(service: RunningService, correlationId: string, data: unknown): Promise<Answer> {
  return service.post('/api/process/complete', { correlationId, status: 'ok', data });
}

/** Waits for the end of a process that may not exist yet. */
function ended(service: RunningService, correlationId: string): Promise<Answer> {
  return eventually(
    () => service.status(correlationId),
    ({ status }) => status !== 202 && status !== 404,
  );
}

/** Starts a process that is in its slow step. */
async function startSlow(service: RunningService, correlationId: string): Promise<void> {
  const answer = await service.start(correlationId);
  expect([answer.status, answer.body.status]).toEqual([202, 'pending']);
}

describe('while the database accepts no writes', () => {
  it('responds to all requests in time, and carries out the accepted ones afterwards', async () => {
    const service = await startService({
      SYNC_TIMEOUT_MS: '300',
      SIMULATOR_SLOW_MS: '600000',
    });
    await service.start('finished');
    const finished = await service.finished('finished');
    await startSlow(service, 'slow-completed');
    await startSlow(service, 'slow-cancelled');
    await ready(service, 200);

    const release = await held(service, 400);
    // This write detects the failure. It may be in a transaction by then, and its result is unknown.
    const first = await service.start('first');
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '2']);
    expect(first.body).toMatchObject({ correlationId: 'first', accepted: 'unknown' });

    expect((await ready(service, 503)).body.error).toMatchObject({ database: { status: 'down' } });
    const refused = await service.start('refused');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    // Neither queued nor in doubt: the request was not accepted.
    expect(refused.body).not.toHaveProperty('accepted');

    const answers = await Promise.all([
      complete(service, 'slow-completed', { n: 1 }),
      complete(service, 'never-seen', { n: 2 }),
      cancel(service, 'slow-cancelled'),
    ]);
    expect(
      answers.map(({ status, headers, body }) => [status, headers.get('retry-after'), body.accepted]),
    ).toEqual(Array(3).fill([503, '2', 'unknown']));

    // Known processes are still returned, including their ends.
    expect((await service.status('slow-completed')).status).toBe(202);
    expect((await service.status('finished')).text).toBe(finished.text);
    const repeated = await service.start('finished');
    expect([repeated.status, repeated.headers.get('idempotent-replayed')]).toEqual([200, 'true']);

    release();
    await ready(service, 200);
    expect((await ended(service, 'slow-completed')).body).toMatchObject({ status: 'ok', data: { n: 1 } });
    expect((await ended(service, 'never-seen')).body).toMatchObject({ status: 'ok', data: { n: 2 } });
    expect((await ended(service, 'slow-cancelled')).body).toMatchObject({ errorCode: 'CANCELLED' });
    expect((await ended(service, 'first')).body).toMatchObject({ status: 'ok' });
    expect((await service.status('refused')).status).toBe(404);
    await service.start('refused');
    expect((await ended(service, 'refused')).body).toMatchObject({ status: 'ok' });
  });

  it('keeps the order of the accepted requests', async () => {
    const service = await startService();
    const release = await held(service, 300);
    const first = await complete(service, 'ordered', { n: 0 });
    const later = await Promise.all([1, 2, 3].map((n) => complete(service, 'ordered', { n })));
    expect([first, ...later].map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    release();
    expect((await ended(service, 'ordered')).body).toMatchObject({ status: 'ok', data: { n: 0 } });
    expect((await complete(service, 'ordered', { n: 0 })).status).toBe(200);
    expect((await complete(service, 'ordered', { n: 1 })).status).toBe(409);
  });

  it('lets a handler wait with its result longer than its lock, and loses nothing', async () => {
    const service = await startService({
      SIMULATOR_SLOW_MS: '1000',
      CAMUNDA_LOCK_DURATION_MS: '1000',
      WRITE_QUEUE_MAX_BYTES: '65536',
      SYNC_TIMEOUT_MS: '10',
    });
    const ids = Array.from({ length: 6 }, (_, n) => `slow-${n}`);
    for (const id of ids) expect((await service.start(id)).status).toBe(202);
    const release = await held(service, 100);
    // The second one fills the queue: the results of the handlers have to wait.
    for (const filler of ['filler-1', 'filler-2']) {
      expect((await complete(service, filler, 'x'.repeat(60_000))).status).toBe(503);
    }
    const paused = await service.get('/health');
    expect(paused.status).toBe(503);
    expect(paused.body.details).toMatchObject({ workers: { condition: 'paused' } });
    // Longer than the step and its lock together: a task without an extended lock would run again or fail.
    const until = Date.now() + 2_500;
    await eventually(
      () => Date.now(),
      (now) => now > until,
    );
    const { body: waiting } = await service.get('/health');
    expect((waiting.details as { workers: { running: number } }).workers.running).toBeGreaterThan(0);
    release();
    for (const id of ids) expect((await ended(service, id)).body).toMatchObject({ status: 'ok' });
    const attempts = await service.rows(
      `SELECT correlation_id, step_name, status, COUNT(*) AS n FROM event_log
       WHERE correlation_id LIKE 'slow-%' GROUP BY correlation_id, step_name, status HAVING n > 1 OR status = 'error'`,
    );
    expect(attempts).toEqual([]);
    expect((await service.get('/health')).body.details).toMatchObject({ workers: { condition: 'polling' } });
  });
});

describe('while the engine is unavailable', () => {
  it('accepts starts and is ready until its backlog is full', async () => {
    const service = await startService({
      CAMUNDA_BASE_URL: 'http://127.0.0.1:9/engine-rest',
      CAMUNDA_DEPLOY: 'off',
      START_BACKLOG_MAX: '2',
      START_ACK_TIMEOUT_MS: '10',
      SYNC_TIMEOUT_MS: '10',
    });
    const health = await eventually(
      () => service.get('/health'),
      ({ body }) => (body.details as { engine: { condition: string } }).engine.condition === 'degraded',
    );
    expect(health.status).toBe(200);
    expect((await service.get('/health/ready')).status).toBe(200);
    expect([(await service.start('a')).status, (await service.start('b')).status]).toEqual([202, 202]);
    expect((await ready(service, 503)).body.error).toMatchObject({
      startBacklog: { status: 'down', starts: 2 },
    });
    const refused = await service.start('c');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect((await service.status('a')).status).toBe(202);
  });
});

describe('a stop under load', () => {
  beforeAll(() => {
    ensureBuilt();
  });

  it('ends with exit code 0, and the next run finishes all accepted starts', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-load-'));
    closers.push(async () => {
      rmSync(dataDir, { recursive: true, force: true });
      await clearSharedEngine(['onboard-user']);
    });
    const service = BuiltService.spawn({ DATA_DIR: dataDir, SYNC_TIMEOUT_MS: '200' });
    closers.push(() => service.kill());
    const baseUrl = await service.listening();
    const accepted: string[] = [];
    let isOver = false;
    const client = async (name: string): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const correlationId = `load-${name}-${n}`;
        try {
          const { status } = await fetchByContract(`${baseUrl}/api/process/start`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              processKey: 'onboard-user',
              correlationId,
              variables: { userId: correlationId },
            }),
          });
          if (status === 200 || status === 202) accepted.push(correlationId);
          else expect(status).toBe(503);
        } catch (error) {
          // The service has closed its sockets; this client has no response.
          if ((error as Error).name !== 'TypeError') throw error;
          return;
        }
      }
    };
    const clients = Array.from({ length: 8 }, (_, index) => client(`client${index}`));
    await eventually(
      () => accepted.length,
      (count) => count >= 50,
    );
    const release = await holdDatabase(dataDir);
    closers.push(release);
    service.signal('SIGTERM');
    release();
    expect(await service.ended()).toBe(0);
    isOver = true;
    await Promise.all(clients);

    const next = await startService({ DATA_DIR: dataDir });
    for (const id of accepted) expect((await next.finished(id)).body).toMatchObject({ status: 'ok' });
  });
});
