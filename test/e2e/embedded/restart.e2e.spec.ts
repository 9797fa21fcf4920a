import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { fetchByContract } from '../../support/contract.js';
import { readRows, removeTables } from '../../support/database.js';
import { eventually, RunningService } from '../../support/service.js';

let dataDir: string;
const spawned: BuiltService[] = [];

function spawnService(variables: Record<string, string>): BuiltService {
  const service = BuiltService.spawn({ DATA_DIR: dataDir, CAMUNDA_LOCK_DURATION_MS: '1000', ...variables });
  spawned.push(service);
  return service;
}

beforeAll(() => {
  ensureBuilt();
});

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-restart-'));
});

afterEach(async () => {
  for (const service of spawned.splice(0)) await service.kill();
  await removeTables(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

/** Settles when a handler works on the slow step. */
async function slowStepRuns(baseUrl: string): Promise<void> {
  const health = (await (await fetchByContract(`${baseUrl}/health`)).json()) as {
    details: { engine: { baseUrl: string } };
  };
  const locked = `${health.details.engine.baseUrl}/external-task/count?topicName=onboard-user.run-background-check&locked=true`;
  await eventually(
    async () => (await (await fetch(locked)).json()) as { count: number },
    ({ count }) => count === 1,
  );
}

describe('a restart with the embedded engine', () => {
  it('keeps finished processes readable, and continues running ones', async () => {
    const before = await RunningService.start({
      DATA_DIR: dataDir,
      SYNC_TIMEOUT_MS: '1500',
      SIMULATOR_SLOW_MS: '60000',
      CAMUNDA_LOCK_DURATION_MS: '1000',
      SHUTDOWN_TIMEOUT_MS: '200',
    });
    const finished = await before.start('kept');
    expect((await before.start('slow-kept')).status).toBe(202);
    await before.stop();

    const after = await RunningService.start({ DATA_DIR: dataDir, SIMULATOR_SLOW_MS: '10' });
    try {
      expect((await after.status('kept')).text).toBe(finished.text);
      const { body } = await after.finished('slow-kept');
      expect(body).toMatchObject({ correlationId: 'slow-kept', status: 'ok' });
    } finally {
      await after.stop();
    }
  });

  it('continues a running process at once after a kill, despite its lock', async () => {
    const killed = spawnService({ SIMULATOR_SLOW_MS: '600000', CAMUNDA_LOCK_DURATION_MS: '600000' });
    const baseUrl = await killed.listening();
    const answer = fetch(`${baseUrl}/api/process/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        processKey: 'onboard-user',
        correlationId: 'slow-killed',
        variables: { userId: 'slow-killed' },
      }),
    });
    const broken = expect(answer).rejects.toThrow();
    await slowStepRuns(baseUrl);
    killed.signal('SIGKILL');
    await killed.ended();
    await broken;

    const restarted = spawnService({ SIMULATOR_SLOW_MS: '10' });
    const newUrl = await restarted.listening();
    const status = await eventually(
      async () => fetchByContract(`${newUrl}/api/process/status/slow-killed`),
      (response) => response.status !== 202,
    );
    expect([status.status, await status.json()]).toMatchObject([200, { status: 'ok' }]);
    const rows = await readRows(
      dataDir,
      "SELECT step_name FROM event_log WHERE correlation_id = 'slow-killed' ORDER BY created_at",
      [],
    );
    const steps = rows.map(({ step_name: name }) => name);
    // A step without a response to its completion runs again, so steps must tolerate repetition.
    expect([...new Set(steps)].slice(0, 3)).toEqual([
      'start',
      'validate-user-information',
      'run-background-check',
    ]);
    restarted.signal('SIGTERM');
    expect(await restarted.ended()).toBe(0);
  });
});
