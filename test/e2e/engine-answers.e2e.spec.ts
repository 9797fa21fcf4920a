import { afterEach, describe, expect, it } from '@jest/globals';
import { openEmbeddedEngine, type EngineServer, startEngineServer } from '../../src/embedded-engine/index.js';
import { EngineProxy, type Interference } from '../support/engine-proxy.js';
import { eventually, RunningService } from '../support/service.js';

describe('what the answers of an engine over HTTP mean', () => {
  const closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function startBehind(
    interfere: Interference,
    variables: Record<string, string> = {},
  ): Promise<RunningService> {
    const engine = await openEmbeddedEngine();
    const server: EngineServer = await startEngineServer({ engine, port: 0 });
    const proxy = await EngineProxy.start(server.baseUrl, interfere);
    const service = await RunningService.start({
      CAMUNDA_BASE_URL: proxy.baseUrl,
      CAMUNDA_DEPLOY: 'on',
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '500',
      SYNC_TIMEOUT_MS: '8000',
      ...variables,
    });
    closers.push(
      async () => {
        await engine.close();
        await server.close();
      },
      () => proxy.close(),
      () => service.destroy(),
    );
    return service;
  }

  it('answers a process that ended before the engine answered its start', async () => {
    const held: (() => void)[] = [];
    const service = await startBehind(async ({ path, pass }) => {
      const answer = await pass();
      if (path.endsWith('/start')) held.push(answer);
      else answer();
    });
    const started = await service.start('early');
    expect([started.status, started.body.status]).toEqual([200, 'ok']);
    expect(held).toHaveLength(1);
    held[0]?.();
    await eventually(
      () =>
        service.rows("SELECT process_instance_id AS id FROM process_store WHERE correlation_id = 'early'"),
      ([row]) => typeof row?.id === 'string',
    );
    expect((await service.status('early')).text).toBe(started.text);
  });

  it('says 202 where the engine does not answer a start in time, and keeps the claim', async () => {
    const service = await startBehind(
      async ({ path, pass }) => {
        if (path.endsWith('/start')) return;
        (await pass())();
      },
      { SYNC_TIMEOUT_MS: '50', START_ACK_TIMEOUT_MS: '200', CAMUNDA_START_TIMEOUT_MS: '400' },
    );
    const started = await service.start('unanswered');
    expect(started.status).toBe(202);
    expect((await service.status('unanswered')).status).toBe(202);
    expect(service.rows("SELECT joined FROM process_store WHERE correlation_id = 'unanswered'")).toEqual([
      { joined: 1 },
    ]);
  });

  it('says 503 and keeps nothing where the engine rolled the start back', async () => {
    const service = await startBehind(async ({ path, pass, response }) => {
      if (path.endsWith('/start')) {
        response
          .writeHead(500, { 'content-type': 'application/json' })
          .end('{"type":"RestException","message":"ENGINE-03083 no database","code":0}');
      } else (await pass())();
    });
    const refused = await service.start('rolled-back');
    expect([refused.status, refused.body.type]).toEqual([
      503,
      'urn:fastify-camunda:problem:engine-unavailable',
    ]);
    expect(refused.text).not.toContain('ENGINE-03083');
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await service.status('rolled-back')).status).toBe(404);
  });

  it('says 400 and keeps nothing where the engine refuses the variables', async () => {
    const service = await startBehind(async ({ path, pass, response }) => {
      if (path.endsWith('/start')) {
        response
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"type":"RestException","message":"Cannot instantiate process definition","code":0}');
      } else (await pass())();
    });
    const refused = await service.start('refused');
    expect([refused.status, refused.body.type]).toEqual([
      400,
      'urn:fastify-camunda:problem:invalid-variables',
    ]);
    expect((await service.status('refused')).status).toBe(404);
  });

  it('refuses a claim that somebody was told 202 about with START_REJECTED, and never with 404', async () => {
    let answerStart = (): void => undefined;
    const service = await startBehind(
      async ({ path, pass, response }) => {
        if (!path.endsWith('/start')) (await pass())();
        else {
          answerStart = () => {
            response
              .writeHead(404, { 'content-type': 'application/json' })
              .end(
                '{"type":"RestException","message":"No matching process definition with key: onboard-user and no tenant-id","code":null}',
              );
          };
        }
      },
      { SYNC_TIMEOUT_MS: '20', START_ACK_TIMEOUT_MS: '50' },
    );
    expect((await service.start('told')).status).toBe(202);
    answerStart();
    const status = await service.finished('told');
    expect([status.status, status.body.errorCode]).toEqual([500, 'START_REJECTED']);
  });

  it('boots without the engine, and deploys and starts once the engine is there', async () => {
    let away = true;
    const service = await startBehind(
      async ({ pass, response }) => {
        if (away) response.destroy();
        else (await pass())();
      },
      { SYNC_TIMEOUT_MS: '20', START_ACK_TIMEOUT_MS: '50' },
    );
    expect((await service.get('/health/live')).status).toBe(200);
    await eventually(
      () => service.get('/health/ready'),
      ({ status }) => status === 200,
    );
    expect((await service.start('patient')).status).toBe(202);
    away = false;
    expect((await service.finished('patient')).status).toBe(200);
  });
});
