import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BusinessRuleError } from '../../src/camunda-worker/index.js';
import { bpmn, end, path, process, start, task } from '../../src/embedded-engine/testing/process.builder.js';
import { drawnProcess } from '../support/drawn-process.js';
import { RunningService } from '../support/service.js';

const KEY = 'secretive';
const SECRET = 'hunter2-S3cr3t';

const MODEL = bpmn(
  process(KEY, [
    start(),
    task('Work', '', `camunda:topic="${KEY}.work"`),
    end(),
    path('start', 'Work', 'end'),
  ]),
);

/** A secret in every place of a value that the service recognises. */
const PLANTED = {
  password1: SECRET,
  pass: SECRET,
  tokens: [SECRET],
  cookies: { sid: SECRET },
  sessionId: SECRET,
  connectionString: `Server=db;Password=${SECRET}`,
  variable: { name: 'pwd2', value: SECRET },
  headers: [
    ['Authorization', `Bearer ${SECRET}`],
    ['Accept', 'text/html'],
  ],
  note: `connect postgres://ada:${SECRET}@db/app with pin=${SECRET}`,
  body: JSON.stringify({ deep: [{ client_secret: SECRET }] }),
  nested: { customer: { taxId: SECRET } },
  author: 'Ada',
  shipping: 'express',
};

describe('secrets in a process', () => {
  let service: RunningService;

  beforeAll(async () => {
    const work = async (
      handled: Parameters<Parameters<typeof drawnProcess>[2][string]>[0],
      completion: Parameters<Parameters<typeof drawnProcess>[2][string]>[1],
    ): Promise<Record<string, unknown>> => {
      const { mode } = handled.variables;
      if (mode === 'throw')
        throw new Error(`login failed: password=${SECRET}`, {
          cause: new Error(`GET https://api.example/x?token=${SECRET} with Authorization: Bearer ${SECRET}`),
        });
      if (mode === 'refuse')
        throw new BusinessRuleError(`The pin=${SECRET} is wrong`, { pin: SECRET }, { code: 'WRONG_PIN' });
      await completion.complete({
        correlationId: handled.correlationId,
        status: 'ok',
        data: { ...PLANTED },
        task: handled,
      });
      return { token: SECRET };
    };
    service = await RunningService.start({ CAMUNDA_TASK_RETRIES: '0', REDACT_PATHS: 'customer.taxId' }, [
      drawnProcess(KEY, MODEL, { work }),
    ]);
  });

  afterAll(async () => {
    await service.destroy();
  });

  const run = (correlationId: string, mode: string) =>
    service.post(
      `/api/process/start?token=${SECRET}`,
      { processKey: KEY, correlationId, variables: { mode, ...PLANTED } },
      { authorization: `Bearer ${SECRET}`, cookie: `sid=${SECRET}`, 'x-api-key': SECRET },
    );

  it('reach the client as the process returns them, and never the trail', async () => {
    const answer = await run('kept', 'complete');
    expect([answer.status, answer.body.data]).toEqual([200, PLANTED]);
    const trail = JSON.stringify(await service.wholeTrail('kept', 2));
    expect(trail).not.toContain(SECRET);
    expect(trail).toMatch(/Ada.*express/);
    const page = await service.get('/api/process/events/kept');
    expect(page.status).toBe(200);
    expect(page.text).not.toContain(SECRET);
  });

  it('in an exception reach neither the client nor the trail', async () => {
    const answer = await run('thrown', 'throw');
    expect([answer.status, answer.body.errorCode]).toEqual([500, 'INCIDENT']);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.body.error).toContain('login failed: password=***');
    expect(JSON.stringify(await service.wholeTrail('thrown', 2))).not.toContain(SECRET);
  });

  it('in a business error reach the client as its author wrote it, and never the trail', async () => {
    const answer = await run('refused', 'refuse');
    expect([answer.status, answer.body.errorCode, answer.body.error]).toEqual([
      500,
      'WRONG_PIN',
      `The pin=${SECRET} is wrong`,
    ]);
    const trail = await service.wholeTrail('refused', 2);
    const ofSteps = trail.filter((row) => row.step_name === 'work');
    expect(ofSteps.length).toBeGreaterThan(0);
    expect(JSON.stringify(trail)).not.toContain(SECRET);
  });
});
