import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../../src/camunda-engine/index.js';
import { RunningService } from '../../support/service.js';

describe('the folder of the data', () => {
  it('and every file in it are for the user of the service only, also from an older version', async () => {
    const dataDir = join(mkdtempSync(join(tmpdir(), 'rights-')), 'data');
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o755);
    for (const name of ['fastify-camunda.sqlite', 'embedded-engine.sqlite']) {
      writeFileSync(join(dataDir, name), '');
      chmodSync(join(dataDir, name), 0o644);
    }
    const service = await RunningService.start({ DATA_DIR: dataDir, CAMUNDA_BASE_URL: '' });
    try {
      expect((await service.start('private')).status).toBe(200);
      const names = readdirSync(dataDir);
      expect(names.filter((name) => name.includes('embedded-engine.sqlite')).length).toBeGreaterThan(2);
      const modes = ['.', ...names].map((name) => [
        name,
        (statSync(join(dataDir, name)).mode & 0o777).toString(8),
      ]);
      expect(modes).toEqual(modes.map(([name]) => [name, name === '.' ? '700' : '600']));
    } finally {
      await service.destroy();
    }
  });
});

describe('the port of the embedded engine', () => {
  let dataDir: string;
  let service: RunningService | null;

  beforeEach(() => {
    service = null;
    dataDir = mkdtempSync(join(tmpdir(), 'engine-port-'));
  });

  afterEach(async () => {
    await service?.destroy();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const boot = (variables: Record<string, string>): Promise<RunningService> =>
    RunningService.start({
      DATA_DIR: dataDir,
      CAMUNDA_BASE_URL: '',
      EMBEDDED_TRANSPORT: 'inproc',
      EMBEDDED_ENGINE_OPEN: 'off',
      ...variables,
    });

  const endpointOf = ({ app }: RunningService): EngineEndpoint =>
    app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });

  it('is closed unless it is configured, and the service works', async () => {
    service = await boot({ EMBEDDED_ENGINE_PORT: '' });
    expect((await service.start('no-port')).status).toBe(200);
    expect(endpointOf(service).listens).toBe(false);
    expect(new URL(endpointOf(service).baseUrl).hostname).toMatch(/\.invalid$/);
  });

  it.each(['inproc', 'http'])(
    'asks for the token of its file, also with the transport %s',
    async (transport) => {
      service = await boot({ EMBEDDED_ENGINE_PORT: '0', EMBEDDED_TRANSPORT: transport });
      expect((await service.start('with-token')).status).toBe(200);
      const { baseUrl } = endpointOf(service);
      expect((await fetch(`${baseUrl}/version`)).status).toBe(401);
      const file = join(dataDir, 'embedded-engine.token');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const token = readFileSync(file, 'utf8').trim();
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${baseUrl}/version`, { headers })).status).toBe(200);
      expect((await service.get('/health')).text).not.toContain(token);
      expect(JSON.stringify(await service.trail('with-token'))).not.toContain(token);
    },
  );
});
