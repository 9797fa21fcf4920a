import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { readRows, removeTables } from '../support/database.js';
import { eventually } from '../support/service.js';

/** Adds the faults to the first step that the userId selects. */
const FAULTS = pathToFileURL(resolve('test/fixtures/faulty-handlers.mjs')).href;

let dataDir: string;
const spawned: BuiltService[] = [];

function spawnService(variables: Record<string, string> = {}): BuiltService {
  const service = BuiltService.spawn({
    DATA_DIR: dataDir,
    NODE_OPTIONS: `--import=${FAULTS}`,
    SHUTDOWN_TIMEOUT_MS: '500',
    CAMUNDA_TASK_RETRIES: '0',
    ...variables,
  });
  spawned.push(service);
  return service;
}

async function start(baseUrl: string, userId: string, waitS = 20): Promise<Response> {
  return fetch(`${baseUrl}/api/process/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: `wait=${waitS}` },
    body: JSON.stringify({ processKey: 'onboard-user', correlationId: userId, variables: { userId } }),
  });
}

const trailOf = (correlationId: string) =>
  readRows(dataDir, 'SELECT * FROM event_log WHERE correlation_id = ? ORDER BY seq', [correlationId]);

beforeAll(() => {
  ensureBuilt();
}, 120_000);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-faults-'));
});

afterEach(async () => {
  for (const service of spawned.splice(0)) await service.kill();
  await removeTables(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a handler', () => {
  it.each([
    ['rejects-', 'let go', ['ok', 'error']],
    ['throws-later-', 'thrown in a timer', ['error']],
  ])(
    'that leaves an error unhandled (%s) fails its step, and the service continues',
    async (prefix, message, statuses) => {
      const baseUrl = await spawnService().listening();
      const answer = await start(baseUrl, `${prefix}1`);
      expect(await answer.json()).toMatchObject({
        errorCode: 'INCIDENT',
        error: `The step left an error unhandled: ${message}`,
      });
      const trail = await trailOf(`${prefix}1`);
      expect(
        trail.filter(({ step_name: step }) => step === 'validate-user-information').map((row) => row.status),
      ).toEqual(statuses);
      expect((await start(baseUrl, 'fine')).status).toBe(200);
    },
    60_000,
  );

  it('with an untraceable error stops the service in order, with exit code 1 and a fatal line', async () => {
    const service = spawnService();
    const baseUrl = await service.listening();
    await start(baseUrl, 'foreign-1', 0);
    expect(await service.ended()).toBe(1);
    expect(service.log).toMatch(/"level":60[^\n]*An unhandled error stops the service/);
    expect(service.log).toMatch(/"msg":"Stopped\."/);
  }, 300_000);

  it('that never ends holds its slot no longer than it may', async () => {
    const baseUrl = await spawnService({
      CAMUNDA_MAX_TASKS: '3',
      // Long enough for the healthy step on a busy machine.
      CAMUNDA_TASK_MAX_DURATION_MS: '4000',
    }).listening();
    const hanging = await Promise.all([1, 2, 3].map((n) => start(baseUrl, `hangs-${n}`)));
    for (const answer of hanging) expect(await answer.json()).toMatchObject({ errorCode: 'INCIDENT' });
    expect((await start(baseUrl, 'fine')).status).toBe(200);
    const health = await eventually(
      async () => (await fetch(`${baseUrl}/health`)).json() as Promise<Health>,
      ({ details }) => details.workers.running === 0,
    );
    expect(health.details.workers.handlers['onboard-user.validate-user-information']).toMatchObject({
      running: 0,
      abandoned: 3,
    });
  }, 300_000);

  it.each([
    ['exits-', 7],
    ['killed-', null],
  ])(
    'that takes the process down (%s) is an incident after CAMUNDA_TASK_RETRIES deaths, and the service stays',
    async (prefix, exitCode) => {
      const variables = { CAMUNDA_TASK_RETRIES: '2' };
      const first = spawnService(variables);
      const ended = start(await first.listening(), `${prefix}1`, 0).catch(() => null);
      expect(await first.ended()).toBe(exitCode);
      await ended;
      const second = spawnService(variables);
      expect(await second.ended()).toBe(exitCode);
      const baseUrl = await spawnService(variables).listening();
      const answer = await eventually(
        async () => (await fetch(`${baseUrl}/api/process/status/${prefix}1`)).json(),
        (body) => (body as { status: string }).status !== 'pending',
      );
      expect(answer).toMatchObject({
        errorCode: 'INCIDENT',
        error: 'The service crashed 2 times while this step ran, so it is not run again.',
      });
      await eventually(
        () => readRows(dataDir, 'SELECT * FROM task_delivery', []),
        (rows) => rows.length === 0,
      );
      expect((await start(baseUrl, 'fine')).status).toBe(200);
    },
    120_000,
  );
});

interface Health {
  readonly details: {
    readonly workers: {
      readonly running: number;
      readonly handlers: Readonly<Record<string, unknown>>;
    };
  };
}
