import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { assertContract, fetchByContract } from '../support/contract.js';
import { readRows, removeTables } from '../support/database.js';
import { answerJson, PartnerServer } from '../support/partner.server.js';
import { RunningService } from '../support/service.js';
import { clearSharedEngine } from '../support/target.js';

let dataDir: string;
let partner: PartnerServer;
/**
 * The answer that a step waits for, once it has called the partner. A lock in the engine would not show that it runs: a
 * stop gives back the task of an answer that is still on its way.
 */
let stepRuns: Promise<ServerResponse>;
const spawned: BuiltService[] = [];

function spawnService(variables: Record<string, string>): BuiltService {
  const service = BuiltService.spawn(variables);
  spawned.push(service);
  return service;
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-life-'));
  partner = await PartnerServer.listen();
  stepRuns = new Promise((resolve) => {
    partner.respond = (_request, response) => {
      resolve(response);
    };
  });
});

afterEach(async () => {
  // The service of a failed test would still work on the tasks of the next one.
  for (const service of spawned.splice(0)) await service.kill();
  partner.close();
  await removeTables(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  await clearSharedEngine(['onboard-user']);
});

describe('a restart', () => {
  it('keeps finished processes readable, and accepts new ones', async () => {
    const before = await RunningService.start({ DATA_DIR: dataDir });
    const finished = await before.start('kept');
    await before.stop();

    const after = await RunningService.start({ DATA_DIR: dataDir });
    try {
      expect((await after.status('kept')).text).toBe(finished.text);
      expect((await after.start('kept')).headers.get('idempotent-replayed')).toBe('true');
      expect((await after.start('another')).status).toBe(200);
    } finally {
      await after.destroy();
    }
  });
});

describe('the process of the service', () => {
  beforeAll(() => {
    ensureBuilt();
  });

  interface Held {
    readonly answer: Promise<{ status: number; connection: string | undefined; body: string }>;
    readonly closed: Promise<void>;
  }

  function startOverKeepAlive(baseUrl: string, agent: Agent, correlationId: string): Held {
    let closed: Promise<void> = Promise.resolve();
    const answer = new Promise<{ status: number; connection: string | undefined; body: string }>(
      (resolve, reject) => {
        const request = httpRequest(
          `${baseUrl}/api/process/start`,
          { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
          (response) => {
            let body = '';
            response.on('data', (chunk: Buffer) => (body += chunk.toString()));
            response.on('end', () => {
              const { statusCode: status = 0, headers } = response;
              assertContract(baseUrl, {
                method: 'POST',
                path: '/api/process/start',
                status,
                headers,
                body,
              }).then(() => {
                resolve({ status, connection: headers.connection, body });
              }, reject);
            });
          },
        );
        closed = new Promise((done) =>
          request.on('socket', (socket) =>
            socket.once('close', () => {
              done();
            }),
          ),
        );
        request.on('error', reject);
        request.end(
          JSON.stringify({ processKey: 'onboard-user', correlationId, variables: { userId: correlationId } }),
        );
      },
    );
    return { answer, closed };
  }

  function trailOf(correlationId: string): Promise<unknown[]> {
    return readRows(
      dataDir,
      `SELECT step_name, status FROM event_log WHERE correlation_id = '${correlationId}' ORDER BY created_at`,
      [],
    );
  }

  it('stops in order: waiters get a response, the running step ends, nothing is lost, sockets close, exit code 0 for two signals', async () => {
    const service = spawnService({ DATA_DIR: dataDir, ...partner.settings });
    const baseUrl = await service.listening();
    const agent = new Agent({ keepAlive: true });
    const { answer, closed } = startOverKeepAlive(baseUrl, agent, 'stopped');
    const partnerAnswer = await stepRuns;

    service.signal('SIGTERM');
    service.signal('SIGTERM');

    const { status, connection, body } = await answer;
    expect([status, connection]).toEqual([202, 'close']);
    expect(JSON.parse(body)).toMatchObject({ correlationId: 'stopped', status: 'pending' });
    answerJson(partnerAnswer, '{"cleared":true}');
    await closed;
    expect(await service.ended()).toBe(0);
    agent.destroy();

    expect(await trailOf('stopped')).toEqual([
      { step_name: 'start', status: 'ok' },
      { step_name: 'validate-user-information', status: 'ok' },
      { step_name: 'run-background-check', status: 'ok' },
    ]);
  });

  it('ends within SHUTDOWN_TIMEOUT_MS + 5 s even if a step takes longer, with its attempt in the trail and exit code 0', async () => {
    const service = spawnService({
      DATA_DIR: dataDir,
      ...partner.settings,
      SHUTDOWN_TIMEOUT_MS: '300',
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '200',
      SYNC_TIMEOUT_MS: '50000',
    });
    const baseUrl = await service.listening();
    const agent = new Agent({ keepAlive: true });
    const { answer } = startOverKeepAlive(baseUrl, agent, 'endless');
    await stepRuns;
    const asked = performance.now();
    service.signal('SIGINT');
    expect((await answer).status).toBe(202);
    expect(await service.ended()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5_300);
    agent.destroy();

    expect(await trailOf('endless')).toEqual([
      { step_name: 'start', status: 'ok' },
      { step_name: 'validate-user-information', status: 'ok' },
      { step_name: 'run-background-check', status: 'error' },
    ]);
  });

  it('reports all faults of an invalid environment and starts nothing', async () => {
    const service = spawnService({
      DATA_DIR: dataDir,
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      DB_PASSWORD: 'hunter2',
    });
    expect(await service.ended()).toBe(1);
    expect(service.log).toMatch(/PORT must be a whole number[^]*LOG_LEVEL must be one of/);
    expect(service.log).not.toMatch(/hunter2|at .*\.js:/);
  });

  it('reports a port in use in one sentence', async () => {
    const first = spawnService({ DATA_DIR: dataDir });
    const { port } = new URL(await first.listening());
    const second = spawnService({ DATA_DIR: join(dataDir, 'other'), PORT: port });
    expect(await second.ended()).toBe(1);
    expect(second.log).toMatch(/cannot listen on 127\.0\.0\.1:\d+: the port is in use.*PORT/);
    expect(second.log).not.toMatch(/at .*\.js:/);
    first.signal('SIGTERM');
    expect(await first.ended()).toBe(0);
  });

  it('logs JSON lines with the correlation id of the process, and no variables', async () => {
    const service = spawnService({ DATA_DIR: dataDir });
    const baseUrl = await service.listening();
    await fetchByContract(`${baseUrl}/api/process/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'request-7' },
      body: JSON.stringify({
        processKey: 'onboard-user',
        correlationId: 'logged',
        variables: { userId: 'logged', pin: 'hunter2' },
      }),
    });
    await fetchByContract(`${baseUrl}/api/process/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'request-8' },
      body: JSON.stringify({
        processKey: 'onboard-user',
        correlationId: 'refused',
        variables: { userId: 'refused', email: 'hunter2' },
      }),
    });
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    const lines = service.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ requestId }) => requestId === 'request-7')).toMatchObject({
      correlationId: 'logged',
    });
    const refused = lines.find(({ requestId }) => requestId === 'request-8');
    expect(refused).toMatchObject({ correlationId: 'refused', res: { status: 500 } });
    expect(refused).not.toHaveProperty('err');
    expect(service.log).not.toContain('hunter2');
    expect(service.log).not.toMatch(/InstanceLoader|RouterExplorer/);
  });
});
