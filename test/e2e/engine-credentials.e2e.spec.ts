import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineProxy } from '../support/engine-proxy.js';
import { eventually, RunningService } from '../support/service.js';
import { openTargetEngine, type ReachableEngine } from '../support/target.js';
import { TokenServer } from '../support/token.server.js';

const CLIENT = { id: 'api', secret: 'client-secret' };

describe('an engine behind a proxy that wants a token', () => {
  let engine: ReachableEngine;
  let tokens: TokenServer;
  let proxy: EngineProxy;
  let service: RunningService | null;
  /** Operations that were answered 401, and those that the engine received. */
  let refused: string[];
  let passed: string[];

  beforeEach(async () => {
    refused = [];
    passed = [];
    service = null;
    engine = await openTargetEngine();
    tokens = await TokenServer.start(CLIENT);
    proxy = await EngineProxy.start(engine.baseUrl, async ({ method, path, headers, pass, response }) => {
      const operation = `${method} ${path.replace(/^.*engine-rest/, '').replace(/[?].*/, '')}`;
      if (!tokens.accepts(headers.authorization)) {
        refused.push(operation);
        response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
        return;
      }
      passed.push(operation);
      (await pass())();
    });
  });

  afterEach(async () => {
    await service?.destroy();
    await proxy.close();
    await tokens.close();
    await engine.close();
  });

  const boot = (): Promise<RunningService> =>
    RunningService.start({
      CAMUNDA_BASE_URL: proxy.baseUrl,
      CAMUNDA_DEPLOY: 'on',
      CAMUNDA_AUTH: 'oauth2',
      CAMUNDA_TOKEN_URL: tokens.url,
      CAMUNDA_CLIENT_ID: CLIENT.id,
      CAMUNDA_CLIENT_SECRET: CLIENT.secret,
    });

  it('takes deployments, starts, polls and reports with one token', async () => {
    service = await boot();
    expect((await service.start('one-token')).status).toBe(200);
    expect([refused, tokens.issued]).toEqual([[], 1]);
    for (const operation of [
      /^POST \/deployment\/create$/,
      /^POST \/process-definition\/key\/.*\/start$/,
      /^POST \/external-task\/fetchAndLock$/,
      /^POST \/external-task\/.*\/complete$/,
    ])
      expect(passed).toContainEqual(expect.stringMatching(operation));
    const trail = JSON.stringify(await service.trail('one-token'));
    expect(trail).not.toMatch(/issued-token|client-secret/);
  });

  it('executes each process once while its tokens are revoked again and again', async () => {
    service = await boot();
    const ids = Array.from({ length: 12 }, (_, index) => `revoked-${index}`);
    for (const id of ids) {
      tokens.revoke();
      expect((await service.start(id)).status).toBe(200);
    }
    expect(refused.length).toBeGreaterThan(0);
    for (const id of ids) expect(await service.countInstances(id, engine.baseUrl)).toBe(1);
  });

  it('waits for a token endpoint that refuses the client, and names the variable', async () => {
    tokens.knowsClient = false;
    service = await boot();
    const running = service;
    const down = await eventually(
      () => running.get('/health/ready'),
      ({ status, body }) => status === 503 && 'engineAccess' in (body.error as object),
    );
    expect(down.body.error).toMatchObject({
      engineAccess: { message: expect.stringMatching(/invalid_client.*CAMUNDA_CLIENT_SECRET/) as unknown },
    });
    expect(down.text).not.toContain('client-secret');
    const started = await running.post(
      '/api/process/start',
      { processKey: 'onboard-user', correlationId: 'kept', variables: { userId: 'kept' } },
      { prefer: 'wait=0' },
    );
    expect(started.status).toBe(202);
    tokens.knowsClient = true;
    expect((await running.finished('kept')).status).toBe(200);
    expect((await running.get('/health/ready')).status).toBe(200);
    expect(await running.countInstances('kept', engine.baseUrl)).toBe(1);
  });
});
