import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { removeTables } from '../support/database.js';
import { answerJson, PartnerServer } from '../support/partner.server.js';
import { eventually } from '../support/service.js';

const HOG = pathToFileURL(resolve('test/fixtures/descriptor-hog.mjs')).href;
const SHORTAGE = 'The process is out of file descriptors';
const DESCRIPTORS = 256;
const IDS = Array.from({ length: 10 }, (_, n) => `starved-${n}`);

let dataDir: string;
let partner: PartnerServer;
let service: BuiltService;

/** One connection that is open before the shortage: a new one would need a descriptor. */
let agent: Agent;

beforeAll(() => {
  ensureBuilt();
}, 120_000);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-descriptors-'));
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  partner = await PartnerServer.listen();
  service = BuiltService.spawn(
    {
      ...partner.settings,
      DATA_DIR: dataDir,
      NODE_OPTIONS: `--import=${HOG}`,
      SHUTDOWN_TIMEOUT_MS: '500',
      CAMUNDA_TASK_RETRIES: '0',
    },
    DESCRIPTORS,
  );
});

afterEach(async () => {
  agent.destroy();
  await service.kill();
  partner.close();
  await removeTables(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

interface Answer {
  readonly code: number;
  readonly body: Record<string, unknown>;
}

function ask(url: string, json?: unknown): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', prefer: 'wait=0' };
    const sent = request(url, { agent, method: json === undefined ? 'GET' : 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => {
        done({ code: answer.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> });
      });
    });
    sent.on('error', fail).end(json === undefined ? undefined : JSON.stringify(json));
  });
}

describe('a process out of file descriptors', () => {
  it('creates no incident, logs it once, responds to probes, and continues when descriptors are free', async () => {
    partner.respond = (_incoming, response) => {
      answerJson(response, '{"cleared":true,"success":true,"userId":"from the partner"}');
    };
    const baseUrl = await service.listening();
    expect((await ask(`${baseUrl}/health/live`)).code).toBe(200);
    service.signal('SIGUSR2');
    await eventually(
      () => service.log,
      (log) => /descriptors held: [1-9]/.test(log),
    );
    for (const userId of IDS) {
      const body = { processKey: 'onboard-user', correlationId: userId, variables: { userId } };
      expect((await ask(`${baseUrl}/api/process/start`, body)).code).toBe(202);
    }
    await eventually(
      () => service.log,
      (log) => log.includes(SHORTAGE),
    );
    expect((await ask(`${baseUrl}/health/live`)).code).toBe(200);
    service.signal('SIGUSR2');
    for (const id of IDS) {
      const ended = await eventually(
        () => ask(`${baseUrl}/api/process/status/${id}`),
        ({ body }) => body.status !== 'pending',
      );
      expect([id, ended.body.status, ended.body.errorCode]).toEqual([id, 'ok', null]);
    }
    expect(service.log.split(SHORTAGE)).toHaveLength(2);
  }, 180_000);
});
