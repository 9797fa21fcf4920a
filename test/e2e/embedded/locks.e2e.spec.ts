import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../../src/camunda-engine/index.js';
import { openEmbeddedEngine } from '../../../src/embedded-engine/index.js';
import { RunningService } from '../../support/service.js';

const FETCH = {
  workerId: 'before',
  maxTasks: 1,
  topics: [{ topicName: 'parcel.work', lockDuration: 600_000 }],
};

let dataDir: string;
let crashed: string;
let service: RunningService;
let endpoint: EngineEndpoint;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-locks-'));
  crashed = mkdtempSync(join(tmpdir(), 'fastify-camunda-locks-'));
  // No process of the service: no other worker fetches, and nothing else is written.
  service = await RunningService.start(
    { DATA_DIR: dataDir, CAMUNDA_BASE_URL: '', EMBEDDED_TRANSPORT: 'inproc' },
    [],
  );
  endpoint = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
  const form = new FormData();
  form.set('parcel.bpmn', new Blob([readFileSync('test/fixtures/parcel/parcel.bpmn')]), 'parcel.bpmn');
  await succeeds(fetch(`${endpoint.baseUrl}/deployment/create`, { method: 'POST', body: form }));
  await overHttp('/process-definition/key/parcel/start', {});
});

afterEach(async () => {
  await service.destroy();
  rmSync(crashed, { recursive: true, force: true });
});

async function succeeds(answer: Promise<Response>): Promise<unknown> {
  const response = await answer;
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function overHttp(path: string, body: object): Promise<unknown> {
  return succeeds(
    fetch(`${endpoint.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

/** A fetch like that of the service's own workers. */
async function inProcess(path: string, value: object): Promise<unknown> {
  const answer = await endpoint.dispatch?.({
    method: 'POST',
    url: `/engine-rest${path}`,
    body: { kind: 'json', value },
    origin: 'http://inproc',
    onDisconnect: () => undefined,
  });
  return answer?.body.kind === 'json' ? answer.body.value : answer;
}

/** The tasks that the next engine returns on the files that a crash at this moment would leave. */
async function fetchedAfterCrash(): Promise<readonly unknown[]> {
  for (const suffix of ['', '-wal']) {
    const name = `embedded-engine.sqlite${suffix}`;
    copyFileSync(join(dataDir, name), join(crashed, name));
  }
  const next = await openEmbeddedEngine({ dataDir: crashed });
  try {
    return await next.externalTasks.fetchAndLock({
      ...FETCH,
      workerId: 'after',
      usePriority: false,
      asyncResponseTimeout: null,
      createTime: null,
    }).tasks;
  } finally {
    await next.close();
  }
}

describe('a task that was locked during a crash', () => {
  it("is returned at once by the next engine if the service's own worker held the lock", async () => {
    expect(await inProcess('/external-task/fetchAndLock', FETCH)).toMatchObject([{ workerId: 'before' }]);
    expect(await fetchedAfterCrash()).toMatchObject([{ topicName: 'parcel.work', workerId: 'after' }]);
  });

  it('stays locked if a worker held the lock over HTTP', async () => {
    expect(await overHttp('/external-task/fetchAndLock', FETCH)).toMatchObject([{ workerId: 'before' }]);
    expect(await fetchedAfterCrash()).toEqual([]);
  });
});
