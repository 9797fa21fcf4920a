import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { answerJson, PartnerServer } from '../../support/partner.server.js';
import { eventually } from '../../support/service.js';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Running {
  readonly service: BuiltService;
  readonly baseUrl: string;
  /** REST base of its embedded engine. */
  readonly engineUrl: string;
}

/** Timeout for steps that take seconds on a loaded machine. */
const LIMIT_MS = 120_000;

const PARTNER_ANSWER = '{"cleared":true,"success":true,"userId":"from the partner"}';

let dataDir: string;
let partner: PartnerServer;
/** The call of the step that runs while the disk becomes full. */
let stepRuns: Promise<ServerResponse>;
const spawned: BuiltService[] = [];

beforeAll(() => {
  ensureBuilt();
}, LIMIT_MS);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'full-disk-'));
  partner = await PartnerServer.listen();
  stepRuns = new Promise((resolve) => {
    partner.respond = (_request, response) => {
      resolve(response);
    };
  });
});

afterEach(async () => {
  for (const service of spawned.splice(0)) await service.kill();
  partner.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function boot(): Promise<Running> {
  const service = BuiltService.spawn({
    DATA_DIR: dataDir,
    ...partner.settings,
    WRITE_WAIT_MS: '2000',
  });
  spawned.push(service);
  const baseUrl = await service.listening();
  await probe(baseUrl, 'ready', 200);
  const engineUrl = /"baseUrl":"([^"]+)"/.exec(service.log)?.[1];
  if (engineUrl === undefined) throw new Error(`No engine in the log:\n${service.log}`);
  return { service, baseUrl, engineUrl };
}

/**
 * Sets how large a file the process may write. With 0 each write of a file fails, in SQLite's database and log, as
 * on a full disk; Node ignores the signal that comes with it.
 */
function limitFiles({ service }: Running, bytes: '0' | 'unlimited'): void {
  // Only the soft limit: the hard one cannot be raised again without privileges.
  execFileSync('prlimit', ['--pid', String(service.pid), `--fsize=${bytes}:`], { stdio: 'pipe' });
}

async function call(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return call(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function start({ baseUrl }: Running, id: string, waitS: number): Promise<Answer> {
  const body = { processKey: 'onboard-user', correlationId: id, variables: { userId: id } };
  return post(`${baseUrl}/api/process/start`, body, { prefer: `wait=${waitS}` });
}

function probe(baseUrl: string, name: 'ready' | 'live', status: number): Promise<Answer> {
  return eventually(
    () => call(`${baseUrl}/health/${name}`),
    (answer) => answer.status === status,
    LIMIT_MS,
  );
}

function ended({ baseUrl }: Running, id: string): Promise<Answer> {
  return eventually(
    () => call(`${baseUrl}/api/process/status/${id}`),
    ({ status }) => status !== 202,
    LIMIT_MS,
  );
}

/** How many instances of a start the engine has. */
async function countInstances({ engineUrl }: Running, id: string): Promise<unknown> {
  return (await call(`${engineUrl}/history/process-instance/count?processInstanceBusinessKey=${id}`)).body
    .count;
}

/** Fills the disk of a service while an accepted process is in a step. */
async function fillDisk(running: Running): Promise<void> {
  expect((await start(running, 'accepted', 0)).status).toBe(202);
  const step = await stepRuns;
  limitFiles(running, '0');

  // Both files get a write: the engine's through its API, the service's through a start.
  const instance = `${running.engineUrl}/process-definition/key/onboard-user/start`;
  expect((await post(instance, { businessKey: 'foreign' })).status).toBe(503);
  expect((await start(running, 'first', 0)).status).toBe(503);

  const unready = await eventually(
    () => call(`${running.baseUrl}/health/ready`),
    ({ body }) => {
      const error = (body.error ?? {}) as Record<string, unknown>;
      return 'embeddedEngine' in error && 'database' in error;
    },
    LIMIT_MS,
  );
  expect(unready.status).toBe(503);
  expect(unready.body.error).toMatchObject({
    embeddedEngine: {
      status: 'down',
      message: expect.stringContaining('cannot be written') as unknown,
      reason: expect.stringMatching(/disk/) as unknown,
    },
    database: { status: 'down', message: 'The database cannot be written.' },
  });
  expect((await call(`${running.baseUrl}/health/live`)).status).toBe(200);

  // A start that cannot be stored; the step ends while the disk is full.
  const refused = await start(running, 'refused', 0);
  expect(refused.status).toBe(503);
  expect(refused.body).not.toHaveProperty('accepted');
  partner.respond = (_request, response) => {
    answerJson(response, PARTNER_ANSWER);
  };
  answerJson(step, PARTNER_ANSWER);
  expect((await call(`${running.baseUrl}/api/process/status/accepted`)).status).toBe(202);
}

async function assertWhole(running: Running): Promise<void> {
  const end = await ended(running, 'accepted');
  expect([end.status, end.body.status]).toEqual([200, 'ok']);
  for (const id of ['first', 'refused', 'after']) {
    expect([200, 202]).toContain((await start(running, id, 20)).status);
    const { status, body } = await ended(running, id);
    expect([id, status, body.status]).toEqual([id, 200, 'ok']);
  }
  for (const id of ['accepted', 'first', 'refused', 'after'])
    expect([id, await countInstances(running, id)]).toEqual([id, 1]);
  expect(await countInstances(running, 'foreign')).toBe(0);
}

describe('a full disk under both files of the service', () => {
  it(
    'makes it unready, loses nothing that was accepted, and is over as soon as there is room',
    async () => {
      const running = await boot();
      await fillDisk(running);
      limitFiles(running, 'unlimited');
      await probe(running.baseUrl, 'ready', 200);
      await assertWhole(running);
      expect(running.service.exited).toBe(false);
      running.service.signal('SIGTERM');
      expect(await running.service.ended()).toBe(0);
    },
    4 * LIMIT_MS,
  );

  it.each(['while it waits for room', 'when there is room again'])(
    'loses nothing if the service is killed %s',
    async (when) => {
      const running = await boot();
      await fillDisk(running);
      if (when === 'when there is room again') limitFiles(running, 'unlimited');
      await running.service.kill();
      await assertWhole(await boot());
    },
    4 * LIMIT_MS,
  );
});
