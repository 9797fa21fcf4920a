import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { eventually, RunningService } from '../../support/service.js';

/** Levels whose lines a boot writes, with the number of each. */
const TALKATIVE = { trace: 10, debug: 20, info: 30 };
/** Levels at which a boot without a fault writes nothing. */
const QUIET = ['warn', 'error', 'fatal', 'silent'];

let dataDir: string;
let service: { kill(): Promise<void> } | undefined;

beforeAll(() => {
  ensureBuilt();
}, 120_000);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'log-level-'));
});

afterEach(async () => {
  await service?.kill();
  service = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it.each(Object.entries(TALKATIVE))(
  'boots and stops with LOG_LEVEL=%s, and writes no line below it',
  async (level, least) => {
    const port = await freePort();
    const running = BuiltService.spawn({ DATA_DIR: dataDir, LOG_LEVEL: level, PORT: String(port) });
    service = running;
    const ready = await eventually(
      async () => {
        if (running.exited) throw new Error(`The service ended while booting:\n${running.log}`);
        const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
        return answer?.status ?? 0;
      },
      (status) => status === 200,
      60_000,
    );
    running.signal('SIGTERM');
    expect([ready, await running.ended()]).toEqual([200, 0]);
    const lines = running.log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: number; context?: string });
    expect(lines.filter((line) => line.level < least)).toEqual([]);
    expect(lines.some(({ context }) => context === 'InstanceLoader')).toBe(least <= TALKATIVE.debug);
  },
  90_000,
);

it.each(QUIET)('boots and stops with LOG_LEVEL=%s', async (level) => {
  const running = await RunningService.start({ DATA_DIR: dataDir, LOG_LEVEL: level });
  service = { kill: () => running.destroy() };
  await eventually(
    async () => (await running.get('/health/ready')).status,
    (status) => status === 200,
  );
});
