import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { bpmn, end, path, process, start, task } from '../../src/embedded-engine/testing/process.builder.js';
import { completes, drawnProcess } from '../support/drawn-process.js';
import { eventually, RunningService } from '../support/service.js';
import { sharedEngineUrl } from '../support/target.js';

const KEY = 'paused';

const MODEL = bpmn(
  process(KEY, [
    start(),
    task('Work', '', `camunda:topic="${KEY}.work"`),
    task('Answer', '', `camunda:topic="${KEY}.answer"`),
    end(),
    path('start', 'Work', 'Answer', 'end'),
  ]),
);

describe('a suspended process', () => {
  let dataDir: string;
  let service: RunningService;
  let worked: number;
  let isWorking: boolean;
  let release: () => void;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'paused-'));
    worked = 0;
    await boot();
  });

  afterEach(async () => {
    release();
    await service.destroy();
    if (sharedEngineUrl() === null) rmSync(dataDir, { recursive: true, force: true });
  });

  async function boot(): Promise<void> {
    isWorking = false;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const work = async (): Promise<Record<string, unknown>> => {
      worked += 1;
      isWorking = true;
      await released;
      return { amount: 1 };
    };
    const variables = { DATA_DIR: dataDir, SYNC_TIMEOUT_MS: '0', START_MAX_ATTEMPTS: '1' };
    service = await RunningService.start(variables, [drawnProcess(KEY, MODEL, { work, answer: completes })]);
  }

  async function ask<T>(method: string, resource: string, body?: unknown): Promise<T> {
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    const answer = await fetch(baseUrl + resource, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.ok).toBe(true);
    return (answer.status === 204 ? null : await answer.json()) as T;
  }

  const begin = (correlationId: string) =>
    service.post('/api/process/start', { processKey: KEY, correlationId });

  const tasks = () =>
    ask<{ workerId: string | null; processInstanceId: string }[]>(
      'GET',
      `/external-task?topicName=${KEY}.work`,
    );

  it('keeps the outcome of a running step over a restart, and does not run it again', async () => {
    expect((await begin('running')).status).toBe(202);
    await eventually(
      () => isWorking,
      (is) => is,
    );
    const [{ processInstanceId } = { processInstanceId: '' }] = await tasks();
    await ask('PUT', `/process-instance/${processInstanceId}/suspended`, { suspended: true });
    release();
    await eventually(tasks, ([waiting]) => waiting?.workerId === null);
    await service.stop();
    await boot();
    expect((await service.status('running')).body).toMatchObject({ status: 'pending' });
    await ask('PUT', `/process-instance/${processInstanceId}/suspended`, { suspended: false });
    const { body } = await eventually(
      () => service.status('running'),
      (answer) => answer.body.status !== 'pending',
    );
    expect([body.status, body.data, worked]).toEqual(['ok', { by: `${KEY}.answer` }, 1]);
    const rows = (await service.wholeTrail('running', 3)).filter(({ step_name: step }) => step !== 'start');
    expect(rows.map(({ step_name: step, status }) => [step, status])).toEqual([
      ['work', 'ok'],
      ['answer', 'ok'],
    ]);
  });

  it('can be cancelled', async () => {
    expect((await begin('unwanted')).status).toBe(202);
    await eventually(
      () => isWorking,
      (is) => is,
    );
    const [{ processInstanceId } = { processInstanceId: '' }] = await tasks();
    await ask('PUT', `/process-instance/${processInstanceId}/suspended`, { suspended: true });
    const { status, body } = await service.post('/api/process/cancel/unwanted', {});
    expect([status, body.errorCode]).toEqual([200, 'CANCELLED']);
    expect(await service.countRunning('unwanted')).toBe(0);
  });

  it('stores a start of a suspended definition, names the definition, and starts it after the activation', async () => {
    release();
    // The definition is deployed after the boot.
    await eventually(
      () => ask<unknown[]>('GET', `/process-definition?key=${KEY}`),
      (found) => found.length > 0,
    );
    await ask('PUT', `/process-definition/key/${KEY}/suspended`, { suspended: true });
    expect((await begin('start')).status).toBe(202);
    const { body, status } = await eventually(
      () => service.get('/health'),
      (answer) => JSON.stringify(answer.body).includes('suspended'),
    );
    expect([status, (body.info as Record<string, unknown>).startBacklog]).toEqual([
      200,
      { status: 'up', starts: expect.any(Number), suspended: [KEY] },
    ]);
    expect((await service.status('start')).body).toMatchObject({ status: 'pending', errorCode: null });
    await ask('PUT', `/process-definition/key/${KEY}/suspended`, { suspended: false });
    const ended = await eventually(
      () => service.status('start'),
      (answer) => answer.body.status !== 'pending',
    );
    expect([ended.body.status, worked]).toEqual(['ok', 1]);
    const health = await service.get('/health');
    expect(JSON.stringify(health.body)).not.toContain('suspended');
  });
});
