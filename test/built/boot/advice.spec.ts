import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';

let dataDir: string;
let service: BuiltService | undefined;

beforeAll(() => {
  ensureBuilt();
}, 120_000);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'advice-'));
});

afterEach(async () => {
  await service?.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

it('warns of a mistyped variable once it listens', async () => {
  service = BuiltService.spawn({
    DATA_DIR: dataDir,
    SYNC_TIMEOUT: '3000',
    NODE_ENV: 'prod',
    LOG_LEVEL: 'info',
  });
  await service.listening();
  expect(service.log).toContain('did you mean SYNC_TIMEOUT_MS?');
  expect(service.log).toContain('did you mean \\"production\\"?');
});

it('names it beside the fault that it has led to', async () => {
  service = BuiltService.spawn({ DATA_DIR: dataDir, DB_HOST: 'db', DB_NAME: 'n', DB_USERNAME: 'u' });
  expect(await service.ended()).toBe(1);
  expect(service.log).toContain('did you mean DB_USER?');
  expect(service.log).toContain('DB_USER must be set');
});
