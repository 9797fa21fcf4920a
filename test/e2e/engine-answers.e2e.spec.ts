import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineProxy, type Interference } from '../support/engine-proxy.js';
import { eventually, RunningService } from '../support/service.js';
import { openTargetEngine } from '../support/target.js';

describe('the answers of an engine over HTTP', () => {
  const closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function startBehind(
    interfere: Interference,
    variables: Record<string, string> = {},
  ): Promise<RunningService> {
    const engine = await openTargetEngine();
    const proxy = await EngineProxy.start(engine.baseUrl, interfere);
    const service = await RunningService.start({
      CAMUNDA_BASE_URL: proxy.baseUrl,
      CAMUNDA_DEPLOY: 'on',
      SYNC_TIMEOUT_MS: '50000',
      ...variables,
    });
    closers.push(
      () => engine.close(),
      () => proxy.close(),
      () => service.destroy(),
    );
    return service;
  }

  it('returns a process that ended before the engine answered its start', async () => {
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

  it('returns 202 and keeps the claim if the engine does not answer a start in time', async () => {
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
    expect(
      await service.rows("SELECT joined FROM process_store WHERE correlation_id = 'unanswered'"),
    ).toEqual([{ joined: 1 }]);
  });

  it('repeats a start that the engine rolled back, without a trace for the client', async () => {
    let failures = 2;
    const service = await startBehind(async ({ path, pass, response }) => {
      if (path.endsWith('/start') && failures > 0) {
        failures -= 1;
        response
          .writeHead(500, { 'content-type': 'application/json' })
          .end('{"type":"RestException","message":"ENGINE-03083 no database","code":0}');
      } else (await pass())();
    });
    const started = await service.start('rolled-back');
    expect([started.status, started.body.status, failures]).toEqual([200, 'ok', 0]);
  });

  it("gives up a start that the engine rolls back START_MAX_ATTEMPTS times, without the engine's message", async () => {
    const service = await startBehind(
      async ({ path, pass, response }) => {
        if (path.endsWith('/start')) {
          response
            .writeHead(500, { 'content-type': 'application/json' })
            .end('{"type":"RestException","message":"ENGINE-03083 no database","code":0}');
        } else (await pass())();
      },
      { START_MAX_ATTEMPTS: '2' },
    );
    const rejected = await service.start('hopeless');
    expect([rejected.status, rejected.body.errorCode]).toEqual([500, 'START_REJECTED']);
    expect(rejected.text).not.toContain('ENGINE-03083');
  });

  it('returns 400 and stores nothing if the engine refuses the variables', async () => {
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

  it('ends a refused claim as START_REJECTED after a 202, and never with 404', async () => {
    const starts: (() => void)[] = [];
    const service = await startBehind(
      async ({ path, pass, response }) => {
        if (!path.endsWith('/start')) (await pass())();
        else {
          starts.push(() => {
            response
              .writeHead(404, { 'content-type': 'application/json' })
              .end(
                '{"type":"RestException","message":"No matching process definition with key: onboard-user and no tenant-id","code":null}',
              );
          });
        }
      },
      { SYNC_TIMEOUT_MS: '20', START_ACK_TIMEOUT_MS: '50' },
    );
    expect((await service.start('told')).status).toBe(202);
    await eventually(
      () => starts.length,
      (asked) => asked === 1,
    );
    starts[0]?.();
    // The definition is one that we deploy, so it is deployed again before the answer counts.
    await eventually(
      () => starts.length,
      (asked) => asked === 2,
    );
    starts[1]?.();
    const status = await service.finished('told');
    expect([status.status, status.body.errorCode]).toEqual([500, 'START_REJECTED']);
  });

  it('boots without the engine, and deploys and starts once the engine is available', async () => {
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
