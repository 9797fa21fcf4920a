import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import {
  bpmn,
  element,
  end,
  flow,
  path,
  process,
  start,
  task,
  xor,
} from '../../src/embedded-engine/testing/process.builder.js';
import { completes, drawnProcess } from '../support/drawn-process.js';
import { eventually, RunningService } from '../support/service.js';
import { sharedEngineUrl } from '../support/target.js';

const KEY = 'stuck';
const timer = (duration: string): string =>
  `<timerEventDefinition><timeDuration xsi:type="tFormalExpression">${duration}</timeDuration></timerEventDefinition>`;

/** A process of `work`, the given elements and `answer`. */
const model = (...behind: readonly string[]): string =>
  bpmn(
    process(KEY, [
      start(),
      task('Work', '', `camunda:topic="${KEY}.work"`),
      task('Answer', '', `camunda:topic="${KEY}.answer"`),
      end(),
      path('start', 'Work'),
      path('Answer', 'end'),
      ...behind,
    ]),
  );

const choice = (condition: string): readonly string[] => [
  xor('Enough', 'name="Enough?"'),
  path('Work', 'Enough'),
  flow('Enough', 'Answer', condition),
  flow('Enough', 'end', '${amount > 900}', 'much'),
];

const pause = (duration: string): readonly string[] => [
  element('intermediateCatchEvent', 'Pause', '', timer(duration)),
  path('Work', 'Pause', 'Answer'),
];

describe('a step after which the engine cannot continue', () => {
  let dataDir: string;
  let service: RunningService;
  let worked: number;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'stuck-'));
    worked = 0;
  });

  afterEach(async () => {
    await service.destroy();
    if (sharedEngineUrl() === null) rmSync(dataDir, { recursive: true, force: true });
  });

  async function boot(behind: readonly string[], retries: string): Promise<void> {
    const work = () => {
      worked += 1;
      return { amount: 1, text: 'soon' };
    };
    service = await RunningService.start({ DATA_DIR: dataDir, CAMUNDA_TASK_RETRIES: retries }, [
      drawnProcess(KEY, model(...behind), { work, answer: completes }),
    ]);
  }

  const begin = (correlationId: string) =>
    service.post('/api/process/start', { processKey: KEY, correlationId }, { prefer: 'wait=50' });

  it.each([
    ['a gateway without a true flow', choice('${amount > 5}'), /at "Enough\?" \(Enough\): .*No outgoing/],
    [
      'a mistyped variable',
      choice('${amont > 5}'),
      /at "Enough\?" \(Enough\), flow "Enough__Answer": .*amont/,
    ],
    ['a bad duration', pause('5 minutes'), /at "Pause": .*5 minutes/],
    ['a bad duration of a variable', pause('${text}'), /at "Pause": .*soon/],
  ])('is not run again for %s, which the answer names', async (_, behind, place) => {
    await boot(behind, '1');
    const { status, body } = await begin('named');
    expect([status, body.errorCode]).toEqual([500, 'INCIDENT']);
    expect(body.error).toMatch(/^The step "work" of "stuck" succeeded, but the process engine cannot go on /);
    expect(body.error).toMatch(place);
    expect(body.error).not.toMatch(/ENGINE-|external-task|[0-9a-f]{8}-/);
    expect(worked).toBe(1);
    const trail = await service.trail('named');
    expect(trail.filter(({ step_name: step }) => step === 'work')).toMatchObject([
      { status: 'ok' },
      {
        status: 'error',
        target_system: 'CamundaEngine',
        result: 'The process engine refused the completion of work.',
        error_message: body.error,
      },
      { status: 'error', result: 'The process engine refused the completion of work.' },
    ]);
  });

  it('continues at its place after a repair of the process, also after a restart', async () => {
    await boot(choice('${amont > 5}'), '0');
    expect((await begin('repaired')).body.errorCode).toBe('INCIDENT');
    await service.stop();
    await boot(choice('${amont > 5}'), '0');
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      const answer = await fetch(baseUrl + path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(answer.ok).toBe(true);
      return (answer.status === 204 ? null : await answer.json()) as T;
    };
    const tasks = await ask<{ id: string; processInstanceId: string }[]>(
      'GET',
      `/external-task?topicName=${KEY}.work`,
    );
    expect(tasks).toHaveLength(1);
    for (const { id, processInstanceId } of tasks) {
      await ask('PUT', `/process-instance/${processInstanceId}/variables/amont`, {
        value: 7,
        type: 'Integer',
      });
      await ask('PUT', `/external-task/${id}/retries`, { retries: 1 });
    }
    const { body } = await eventually(
      () => service.status('repaired'),
      (answer) => answer.body.status === 'ok',
    );
    expect([body.data, worked]).toEqual([{ by: 'stuck.answer' }, 1]);
  });
});
