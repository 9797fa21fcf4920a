import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { answerJson, PartnerServer } from '../support/partner.server.js';
import { RunningService } from '../support/service.js';

describe("partners of one's own", () => {
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

  it('are asked in place of the simulator', async () => {
    await start('{"cleared":true,"success":true,"userId":"from the partner"}');
    const answer = await service.start('real');
    expect([answer.status, (answer.body.data as { onboardingResult: unknown }).onboardingResult]).toEqual([
      200,
      { success: true, userId: 'from the partner' },
    ]);
  });

  it('that answer in another form are an incident, and the client is not shown what they sent', async () => {
    await start('{"cleared":"perhaps","secret":"hunter2"}');
    const answer = await service.start('odd');
    expect([answer.status, answer.body.errorCode, answer.body.error]).toEqual([
      500,
      'INCIDENT',
      "The partner's answer to /background-checks has an unexpected form.",
    ]);
  });

  it('that refuse to onboard end the process with their code', async () => {
    await start('{"cleared":true,"success":false,"userId":"x"}');
    const answer = await service.start('unwanted');
    expect([answer.status, answer.body.errorCode]).toEqual([500, 'ONBOARDING_REFUSED']);
  });
});
