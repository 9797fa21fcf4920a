import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/service.js';

describe("partners of one's own", () => {
  let partner: Server;
  let respond: (response: ServerResponse) => void;
  let service: RunningService;

  beforeAll(async () => {
    partner = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        respond(response);
      });
    });
    await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await service.destroy();
  });

  afterAll(() => {
    partner.closeAllConnections();
    partner.close();
  });

  async function start(answer: string): Promise<RunningService> {
    respond = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    };
    const url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
    service = await RunningService.start({
      BACKGROUND_CHECK_URL: url,
      ONBOARDING_API_URL: url,
      CAMUNDA_TASK_RETRIES: '0',
    });
    return service;
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
