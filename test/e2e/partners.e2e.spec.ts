import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { answerJson, PartnerServer } from '../support/partner.server.js';
import { eventually, RunningService } from '../support/service.js';

describe('configured partners', () => {
  let partner: PartnerServer;
  let service: RunningService;

  beforeAll(async () => {
    partner = await PartnerServer.listen();
  });

  afterEach(async () => {
    await service.destroy();
  });

  afterAll(() => {
    partner.close();
  });

  async function start(answer: string): Promise<void> {
    partner.respond = (_request, response) => {
      answerJson(response, answer);
    };
    service = await RunningService.start({ ...partner.settings, CAMUNDA_TASK_RETRIES: '0' });
  }

  it('are called instead of the simulator', async () => {
    await start('{"cleared":true,"success":true,"userId":"from the partner"}');
    const answer = await service.start('real');
    expect([answer.status, (answer.body.data as { onboardingResult: unknown }).onboardingResult]).toEqual([
      200,
      { success: true, userId: 'from the partner' },
    ]);
  });

  it('with an invalid response are an incident, and the client does not see the response', async () => {
    await start('{"cleared":"perhaps","secret":"hunter2"}');
    const answer = await service.start('odd');
    expect([answer.status, answer.body.errorCode, answer.body.error]).toEqual([
      500,
      'INCIDENT',
      "The partner's answer to /background-checks has an unexpected form.",
    ]);
  });

  it('with a Retry-After are called again after it, without using up attempts', async () => {
    let calls = 0;
    partner.respond = (_request, response) => {
      calls += 1;
      response.writeHead(429, { 'retry-after': '600' }).end();
    };
    service = await RunningService.start({ ...partner.settings });
    const before = Date.now();
    await service.post(
      '/api/process/start',
      { processKey: 'onboard-user', correlationId: 'patient', variables: { userId: 'patient' } },
      { prefer: 'wait=0' },
    );
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    interface Task {
      readonly retries: number | null;
      readonly lockExpirationTime: string;
    }
    const list = async (path: string): Promise<unknown[]> =>
      (await (await fetch(`${baseUrl}${path}`)).json()) as unknown[];
    // A shared engine has tasks of others.
    const [instance] = (await eventually(
      () => list('/process-instance?businessKey=patient'),
      (instances) => instances.length === 1,
    )) as { readonly id: string }[];
    const [task] = await eventually(
      async () => (await list(`/external-task?processInstanceId=${instance?.id}`)) as Task[],
      (tasks) => tasks[0]?.retries === 3,
    );
    expect(Date.parse(task?.lockExpirationTime ?? '') - before).toBeGreaterThanOrEqual(600_000);
    expect([calls, (await service.status('patient')).status]).toEqual([1, 202]);
  });

  it('with secrets in their URL fail without showing them', async () => {
    partner.respond = (_request, response) => {
      response.writeHead(500).end();
    };
    const { BACKGROUND_CHECK_URL: url } = partner.settings;
    service = await RunningService.start({
      ...partner.settings,
      BACKGROUND_CHECK_URL: `${url.replace('://', '://me:hidden-1@')}/bot1:hidden-2/hidden-3?key=hidden-4`,
      CAMUNDA_TASK_RETRIES: '0',
    });
    const answer = await service.start('guarded');
    expect([answer.status, answer.body.errorCode, answer.body.error]).toEqual([
      500,
      'INCIDENT',
      'run-background-check: POST /background-checks: answered 500',
    ]);
    const trail = await service.get('/api/process/events/guarded');
    expect(trail.text).toContain('/***/background-checks');
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    const tasks = (await (await fetch(`${baseUrl}/external-task`)).json()) as { readonly id: string }[];
    const details = await Promise.all(
      tasks.map(async ({ id }) => (await fetch(`${baseUrl}/external-task/${id}/errorDetails`)).text()),
    );
    const incidents = await (await fetch(`${baseUrl}/incident`)).text();
    expect(incidents).toContain('answered 500');
    expect([answer.text, trail.text, incidents, JSON.stringify(tasks), ...details].join()).not.toContain(
      'hidden',
    );
  });

  it('that refuse the onboarding end the process with their code', async () => {
    await start('{"cleared":true,"success":false,"userId":"x"}');
    const answer = await service.start('unwanted');
    expect([answer.status, answer.body.errorCode]).toEqual([500, 'ONBOARDING_REFUSED']);
  });
});
