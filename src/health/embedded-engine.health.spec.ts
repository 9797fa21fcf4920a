import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, RunningService } from '../../test/support/service.js';
import { ENGINE_ENDPOINT, type EngineCondition } from '../camunda-engine/index.js';

describe('the health of an embedded engine', () => {
  let service: RunningService;
  let condition: EngineCondition;

  beforeAll(async () => {
    service = await RunningService.start();
    const endpoint = service.app.get<object>(ENGINE_ENDPOINT, { strict: false });
    Object.assign(endpoint, { condition: () => condition });
  });

  afterAll(() => service.destroy());

  beforeEach(async () => {
    condition = { status: 'running' };
    await eventually(
      () => service.get('/health/ready'),
      ({ status }) => status === 200,
    );
  });

  it('is up while it runs', async () => {
    for (const probe of ['/health/ready', '/health/live', '/health']) {
      const { status, body } = await service.get(probe);
      expect([status, body.info]).toEqual([
        200,
        expect.objectContaining({ embeddedEngine: { status: 'up' } }),
      ]);
    }
  });

  it('makes the service unready, with the reason, while it recovers; the process stays', async () => {
    condition = { status: 'recovering', reason: 'database or disk is full' };
    const down = {
      embeddedEngine: {
        status: 'down',
        message: expect.stringContaining('cannot be written') as unknown,
        reason: 'database or disk is full',
      },
    };
    for (const probe of ['/health/ready', '/health']) {
      const { status, body } = await service.get(probe);
      expect([status, body.error]).toEqual([503, down]);
    }
    const { status, body } = await service.get('/health/live');
    expect([status, body.info]).toEqual([200, { embeddedEngine: { status: 'up' } }]);
  });

  it('makes the service not live if the engine cannot recover', async () => {
    condition = { status: 'failed', reason: 'the file is gone' };
    const down = {
      embeddedEngine: {
        status: 'down',
        message: expect.stringContaining('restart the service') as unknown,
        reason: 'the file is gone',
      },
    };
    for (const probe of ['/health/ready', '/health/live']) {
      const { status, body } = await service.get(probe);
      expect([status, body.error]).toEqual([503, down]);
    }
  });

  it('is ready again when it runs again', async () => {
    condition = { status: 'recovering', reason: 'database or disk is full' };
    expect((await service.get('/health/ready')).status).toBe(503);
    condition = { status: 'running' };
    expect((await service.get('/health/ready')).status).toBe(200);
  });
});
