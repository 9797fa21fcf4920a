import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { eventually } from '../../support/service.js';

/** Timeout for steps that take seconds on a loaded machine. */
const LIMIT_MS = 120_000;

/** The instruction for the operator in a log line. */
const RESTORE = 'Backup and restore of the SQLite files';

const FILES = ['fastify-camunda.sqlite', 'embedded-engine.sqlite'];

let dataDir: string;
const spawned: BuiltService[] = [];

beforeAll(() => {
  ensureBuilt();
}, LIMIT_MS);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'damage-'));
});

afterEach(async () => {
  for (const service of spawned.splice(0)) await service.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

function spawnService(): BuiltService {
  const service = BuiltService.spawn({
    DATA_DIR: dataDir,
    SHUTDOWN_TIMEOUT_MS: '500',
  });
  spawned.push(service);
  return service;
}

async function bootReady(): Promise<{
  service: BuiltService;
  baseUrl: string;
}> {
  const service = spawnService();
  const baseUrl = await service.listening();
  await eventually(
    async () => (await fetch(`${baseUrl}/health/ready`)).status,
    (status) => status === 200,
    LIMIT_MS,
  );
  return { service, baseUrl };
}

/** True if it was answered; a service that stops closes the connection. */
async function start(baseUrl: string, id: string): Promise<number> {
  const answer = await fetch(`${baseUrl}/api/process/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      processKey: 'onboard-user',
      correlationId: id,
      variables: { userId: id },
    }),
  }).catch(() => null);
  return answer?.status ?? 0;
}

/** Creates both files with rows, and stops the process. */
async function useOnce(): Promise<void> {
  const { service, baseUrl } = await bootReady();
  expect([200, 202]).toContain(await start(baseUrl, 'before'));
  service.signal('SIGTERM');
  expect(await service.ended()).toBe(0);
}

/** Where the root pages of the tables begin, after the log was folded into the file; the sizes are bytes. */
function rootPages(path: string): { size: number; offsets: number[] } {
  const database = new Database(path);
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
    const rows = database.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table'").pluck().all();
    const size = database.pragma('page_size', { simple: true }) as number;
    return {
      size,
      offsets: (rows as number[]).map((page) => (page - 1) * size),
    };
  } finally {
    database.close();
  }
}

/** Overwrites pages in the middle of a file, as a broken disk does, while others may have it open. */
function damage(file: string): void {
  const path = join(dataDir, file);
  const { size, offsets } = rootPages(path);
  const fd = openSync(path, 'r+');
  for (const offset of offsets) writeSync(fd, Buffer.alloc(size, 0xa5), 0, size, offset);
  closeSync(fd);
  // A commit of another connection makes a running service forget the pages that it has in memory.
  const other = new Database(path);
  other.pragma(`user_version = ${String(other.pragma('user_version', { simple: true }))}`);
  other.close();
}

function check(): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/src/main.js', '--check'], {
    env: { PATH: process.env.PATH ?? '', DATA_DIR: dataDir },
    encoding: 'utf8',
  });
  return { code: status, output: `${stdout}${stderr}` };
}

describe('a file with damaged pages', () => {
  it.each(FILES)(
    '(%s) is found by --check and refused at the boot, with one sentence and exit code 1',
    async (file) => {
      await useOnce();
      const sound = check();
      expect([sound.code, sound.output.match(/is sound\./g)]).toEqual([0, ['is sound.', 'is sound.']]);

      damage(file);
      const found = check();
      expect(found.code).toBe(1);
      const lines = found.output.trim().split('\n');
      expect(lines).toHaveLength(2);
      expect(lines.filter((line) => line.includes('is sound.'))).toHaveLength(1);
      const line = lines.find((each) => each.includes('is damaged: '));
      expect(line).toContain(file);
      expect(line).toContain(RESTORE);

      const service = spawnService();
      expect(await service.ended()).toBe(1);
      const said = service.log.split('\n').filter((each) => each.includes(RESTORE));
      expect([said.length, said[0]?.includes(dataDir)]).toEqual([1, true]);
      expect(service.log).not.toMatch(/^\s+at /m);
    },
    4 * LIMIT_MS,
  );

  it.each(FILES)(
    '(%s) ends the service in order as soon as it meets one, with a fatal line and exit code 1',
    async (file) => {
      await useOnce();
      const { service, baseUrl } = await bootReady();
      damage(file);
      await eventually(
        async () => {
          await start(baseUrl, `n-${performance.now()}`);
          return service.exited;
        },
        (exited) => exited,
        LIMIT_MS,
      );
      expect(await service.ended()).toBe(1);
      const fatal = service.log.split('\n').filter((line) => line.includes('"level":60'));
      expect(fatal.filter((line) => line.includes(RESTORE) && line.includes(dataDir))).not.toEqual([]);
      expect(service.log).toMatch(/"msg":"Stopped\."/);
      // No other fatal line, with another remedy.
      expect(fatal.filter((line) => !line.includes(RESTORE))).toEqual([]);
    },
    4 * LIMIT_MS,
  );
});
