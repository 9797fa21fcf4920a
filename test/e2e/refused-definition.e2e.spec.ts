import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  bpmn,
  end,
  flow,
  path,
  process,
  start,
  task,
} from '../../src/embedded-engine/testing/process.builder.js';
import { completes, drawnProcess } from '../support/drawn-process.js';
import { eventually, RunningService } from '../support/service.js';
import { sharedEngineUrl } from '../support/target.js';

const model = (key: string, ...more: string[]): string =>
  bpmn(
    process(key, [
      start(),
      task('work', '', `camunda:topic="${key}.work"`),
      end(),
      path('start', 'work', 'end'),
      ...more,
    ]),
  );
const toNowhere = flow('work', 'nowhere');
const processOf = (key: string, ...more: string[]) =>
  drawnProcess(key, model(key, ...more), { work: completes });

/** The second run has a file that no engine accepts, for a process that is deployed and for one that is not. */
describe('a definition that the engine refuses', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'refused-'));
  const errors: unknown[] = [];
  let service: RunningService;

  beforeAll(async () => {
    const first = await RunningService.start({ DATA_DIR: dataDir }, [processOf('edited')]);
    await eventually(
      () => first.get('/health/ready'),
      ({ status }) => status === 200,
    );
    await first.stop();
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => errors.push(line));
    service = await RunningService.start({ DATA_DIR: dataDir }, [
      processOf('edited', toNowhere),
      processOf('novel', toNowhere),
      processOf('sound'),
    ]);
    await eventually(
      () => service.get('/health'),
      ({ text }) => !text.includes('"pending"'),
    );
  });

  afterAll(async () => {
    await service.destroy();
    jest.restoreAllMocks();
    if (sharedEngineUrl() === null) rmSync(dataDir, { recursive: true, force: true });
  });

  const begin = (processKey: string) =>
    service.post('/api/process/start', { processKey, correlationId: `of-${processKey}` });

  it('leaves the service ready, and health names the file and the reason', async () => {
    expect((await service.get('/health/ready')).status).toBe(200);
    const { status, body } = await service.get('/health');
    expect([status, body.details]).toEqual([
      200,
      expect.objectContaining({
        engine: expect.objectContaining({
          deployment: expect.objectContaining({
            status: 'refused',
            definitions: expect.objectContaining({
              edited: { status: 'refused', file: 'edited.bpmn', problem: expect.stringContaining('nowhere') },
            }),
          }),
        }),
      }),
    ]);
  });

  it('is one line of the log with the file and the reason', () => {
    const lines = errors.filter((line) => (line as { processKey?: unknown }).processKey === 'edited');
    expect(lines).toEqual([
      expect.objectContaining({
        file: 'edited.bpmn',
        msg: expect.stringMatching(/^The engine refuses edited\.bpmn: .*nowhere/s),
      }),
    ]);
  });

  it('starts the version that was deployed before', async () => {
    const { status, body } = await begin('edited');
    expect([status, body.data]).toEqual([200, { by: 'edited.work' }]);
  });

  it('gives the reason at a start if there is no version', async () => {
    const { status, body } = await begin('novel');
    expect([status, body.type, body.detail]).toEqual([
      404,
      'urn:fastify-camunda:problem:unknown-process-definition',
      expect.stringMatching(/refused the definition of "novel".*\/health/),
    ]);
    expect((await service.status('of-novel')).status).toBe(404);
  });

  it('does not affect the other processes', async () => {
    expect((await begin('sound')).status).toBe(200);
  });
});

describe('the processes of this service', () => {
  it('boot without warnings about their BPMN files', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const service = await RunningService.start();
    try {
      expect(warn.mock.calls.filter(([line]) => JSON.stringify(line).includes('.bpmn'))).toEqual([]);
    } finally {
      await service.destroy();
      jest.restoreAllMocks();
    }
  });
});
