import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, RunningService } from '../../support/service.js';

/** An external engine that refuses the credentials, or has no tasks. */
let engine: Server;
let refuses: boolean;
let service: RunningService;

beforeEach(async () => {
  refuses = true;
  engine = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(refuses ? 401 : 200, { 'content-type': 'application/json' });
      response.end(refuses ? '' : '[]');
    });
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;
  service = await RunningService.start({
    CAMUNDA_BASE_URL: `http://user:wrong@127.0.0.1:${port}/engine-rest`,
    CAMUNDA_DEPLOY: 'off',
  });
});

afterEach(async () => {
  await service.app.close();
  await new Promise<void>((resolve) => {
    engine.close(() => {
      resolve();
    });
    engine.closeAllConnections();
  });
});

describe('an engine that refuses the credentials of the service', () => {
  it('makes the service unready and names the variable to correct, until it accepts them', async () => {
    const down = await eventually(
      () => service.get('/health/ready'),
      ({ status, body }) => status === 503 && 'engineAccess' in (body.error as object),
    );
    expect(down.body.error).toMatchObject({
      engineAccess: { message: expect.stringMatching(/CAMUNDA_BASE_URL/) as unknown },
    });
    expect(down.text).not.toContain('wrong');
    refuses = false;
    await eventually(
      () => service.get('/health/ready'),
      ({ status }) => status === 200,
    );
  });
});
