import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { eventually } from '../../support/service.js';
import { clearSharedEngine } from '../../support/target.js';

describe('the SQLite file of the service', () => {
  let dataDir: string;
  const spawned: BuiltService[] = [];

  function spawnService(variables: Record<string, string>): BuiltService {
    const service = BuiltService.spawn(variables);
    spawned.push(service);
    return service;
  }

  beforeAll(() => {
    ensureBuilt();
  });

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-file-'));
  });

  afterEach(async () => {
    for (const service of spawned.splice(0)) await service.kill();
    rmSync(dataDir, { recursive: true, force: true });
    await clearSharedEngine(['onboard-user']);
  });

  it('ends with exit code 0 if the signal arrives during the boot', async () => {
    const service = spawnService({ DATA_DIR: dataDir });
    await eventually(
      () => existsSync(join(dataDir, 'fastify-camunda.sqlite')),
      (exists) => exists,
    );
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
  });

  it('refuses to share its database file with a second process, in one sentence', async () => {
    const first = spawnService({ DATA_DIR: dataDir });
    await first.listening();
    const second = spawnService({ DATA_DIR: dataDir });
    expect(await second.ended()).toBe(1);
    expect(second.log).toContain(dataDir);
    expect(second.log).not.toMatch(/at .*\.js:/);
    first.signal('SIGTERM');
    expect(await first.ended()).toBe(0);
  });
});
