import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, fetch } from 'undici';
import { type RoundRobin, startRoundRobin } from '../cluster/round-robin.proxy.mjs';
import { BuiltEngine } from '../support/built-engine.js';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { databaseVariables, readRows, removeTables } from '../support/database.js';
import { eventually } from '../support/service.js';

/** Clients that start one process after the other. */
const CLIENTS = 12;

/** Long enough for the load balancer to see that an instance is not ready. */
const DELAY_MS = 2_000;

describe('the replacement of an instance under load', () => {
  let folder: string;
  let engine: BuiltEngine;
  let balancer: RoundRobin;
  const services: BuiltService[] = [];
  const instances: { name: string; url: string }[] = [];
  const agent = new Agent({ keepAliveTimeout: 60_000 });
  let running = true;

  async function spawnService(): Promise<BuiltService> {
    const service = BuiltService.spawn({
      ...databaseVariables(folder),
      DATA_DIR: mkdtempSync(join(folder, 'service-')),
      CAMUNDA_BASE_URL: engine.baseUrl,
      CAMUNDA_DEPLOY: 'on',
      SIMULATOR_SLOW_MS: '400',
      SHUTDOWN_DELAY_MS: String(DELAY_MS),
    });
    services.push(service);
    instances.push({ name: `service-${instances.length + 1}`, url: await service.listening() });
    return service;
  }

  beforeAll(async () => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-replacement-'));
    engine = await BuiltEngine.spawn(join(folder, 'engine'));
    await Promise.all([spawnService(), spawnService(), spawnService()]);
    balancer = await startRoundRobin(instances, { checkEveryMs: 100 });
    await eventually(
      () => balancer.ready.length,
      (ready) => ready === instances.length,
    );
  }, 300_000);

  afterAll(async () => {
    running = false;
    await agent.destroy();
    await balancer.close();
    for (const service of services) await service.kill();
    await engine.end('SIGKILL');
    await removeTables(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The holder of a work, by host and process id. */
  const holderOf = async (work: string): Promise<string | null> => {
    const rows = await readRows(folder, `SELECT owner FROM work_lease WHERE name = '${work}'`, []);
    return (rows[0]?.owner ?? null) as string | null;
  };

  it('fails no request, loses and doubles no process, and hands the shared work on', async () => {
    const ids: string[] = [];
    const answers = new Map<string, number>();
    const faults: string[] = [];
    const client = async (number: number): Promise<void> => {
      for (let count = 0; running; count += 1) {
        const correlationId = `replaced-${number}-${count}`;
        const userId = count % 3 === 0 ? `slow-${correlationId}` : correlationId;
        try {
          const answer = await fetch(`${balancer.baseUrl}/api/process/start`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ processKey: 'onboard-user', correlationId, variables: { userId } }),
            dispatcher: agent,
          });
          await answer.text();
          ids.push(correlationId);
          answers.set(correlationId, answer.status);
          if (answer.status === 202 && answer.headers.get('location') === null)
            faults.push(`${correlationId}: a 202 without a status URL`);
        } catch (error) {
          faults.push(`${correlationId}: ${String(error)}`);
        }
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
    await eventually(
      () => ids.length,
      (started) => started > CLIENTS,
    );
    await eventually(
      () => holderOf('engine-watch'),
      (holder) => holder !== null,
    );

    for (const service of services.slice(0, 2)) {
      const before = ids.length;
      service.signal('SIGTERM');
      expect(await service.ended()).toBe(0);
      await eventually(
        () => ids.length,
        (started) => started > before + CLIENTS,
      );
    }
    running = false;
    await Promise.all(clients);

    expect(faults).toEqual([]);
    expect([...answers].filter(([, status]) => status !== 200 && status !== 202)).toEqual([]);
    expect(balancer.counts).toMatchObject({ broken: 0, unavailable: 0 });
    // The third instance finishes what the others had begun.
    await eventually(
      () => readRows(folder, "SELECT correlation_id FROM process_store WHERE status = 'pending'", []),
      (pending) => pending.length === 0,
    );
    const rows = await readRows(folder, "SELECT status FROM process_store WHERE status = 'ok'", []);
    expect(rows).toHaveLength(ids.length);
    const { count } = (await (
      await fetch(`${engine.baseUrl}/history/process-instance/count?processDefinitionKey=onboard-user`)
    ).json()) as { count: number };
    expect(count).toBe(ids.length);
    await eventually(
      () => holderOf('engine-watch'),
      (holder) => holder?.includes(`:${services[2]?.pid}:`) === true,
    );
  }, 300_000);
});
