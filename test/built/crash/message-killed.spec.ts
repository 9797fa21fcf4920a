import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForeignClient } from '../../fixtures/any-process/any-process.js';
import { MESSAGE_PROCESSES } from '../../fixtures/any-process/message-processes.js';
import { BuiltEngine } from '../../support/built-engine.js';
import { BuiltService, ensureBuilt } from '../../support/built-service.js';
import { databaseVariables, removeTables } from '../../support/database.js';
import { eventually } from '../../support/service.js';

/** `MESSAGE_KILLS=100` makes a long run. */
const KILLS = Number(process.env.MESSAGE_KILLS ?? 5);
const PROCESSES = 6;
/** Clients that send each message, at once. */
const COPIES = 2;
/** A service lives this long under load before it is killed, at least and at most. Milliseconds. */
const LIFE = [200, 1_500] as const;
/** Pause of a client before it repeats a request, in ms. */
const REPEAT_MS = 100;

describe('a service that is killed again and again while it sends messages', () => {
  let folder: string;
  let engine: BuiltEngine;
  let elsewhere: ForeignClient;
  /** One over a file, two over a server. */
  const services: BuiltService[] = [];
  const urls: Promise<string>[] = [];
  let isStopping = false;

  function open(place: number): void {
    const service = BuiltService.spawn({
      ...databaseVariables(folder),
      DATA_DIR: join(folder, `service-${place}`),
      CAMUNDA_BASE_URL: engine.baseUrl,
      CAMUNDA_DEPLOY: 'off',
      CAMUNDA_START_TIMEOUT_MS: '1000',
      START_LEASE_MS: '1500',
      START_SETTLE_MS: '1500',
    });
    services[place] = service;
    urls[place] = service.listening();
  }

  beforeAll(async () => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'message-killed-'));
    engine = await BuiltEngine.spawn(join(folder, 'engine'));
    elsewhere = new ForeignClient(engine.baseUrl);
    await elsewhere.deploy(MESSAGE_PROCESSES, 'message-killed');
    const count = Object.keys(databaseVariables(folder)).length === 0 ? 1 : 2;
    for (let place = 0; place < count; place += 1) open(place);
    await Promise.all(urls);
  }, 300_000);

  afterAll(async () => {
    for (const service of services) await service.kill();
    await engine.end('SIGKILL');
    await removeTables(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Sends a request until a service has answered it for good. */
  async function sent(path: string, body: unknown, place: number): Promise<number> {
    for (;;) {
      try {
        const answer = await fetch(`${await urls[place % urls.length]}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', prefer: 'respond-async' },
          body: JSON.stringify(body),
        });
        const { type } = (await answer.json()) as { type?: string };
        const isOpen = answer.status === 503 || type === 'urn:fastify-camunda:problem:message-in-progress';
        if (!isOpen) return answer.status;
      } catch {
        // Killed: its client does not know what became of the request.
      }
      await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
    }
  }

  it('delivers each message once', async () => {
    const ids = Array.from({ length: PROCESSES }, (_, at) => `notes-${at}`);
    for (const correlationId of ids)
      await sent('/api/process/start', { processKey: 'notes', correlationId }, 0);
    const counts = new Map<string, number>();
    const statuses = new Set<number>();
    const clients = ids.map(async (correlationId) => {
      for (let number = 1; !isStopping; number += 1) {
        const message = {
          messageName: 'note-added',
          correlationId,
          messageId: `${correlationId}-${number}`,
          variables: { number },
        };
        const copies = Array.from({ length: COPIES }, (_, copy) =>
          sent('/api/process/message', message, copy),
        );
        for (const status of await Promise.all(copies)) statuses.add(status);
        counts.set(correlationId, number);
      }
    });

    for (let kill = 0; kill < KILLS; kill += 1) {
      const [least, most] = LIFE;
      await new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
      const place = kill % services.length;
      await services[place]?.kill();
      open(place);
      await urls[place];
    }
    isStopping = true;
    await Promise.all(clients);

    expect([...statuses]).toEqual([202]);
    for (const correlationId of ids) {
      const query = `processInstanceBusinessKey=${correlationId}&name=Read`;
      const { count } = (await elsewhere.get(`/task/count?${query}`)) as { count: number };
      expect([correlationId, count]).toEqual([correlationId, counts.get(correlationId)]);
      const events = await eventually(
        async () => {
          const answer = await fetch(`${await urls[0]}/api/process/events/${correlationId}?limit=1000`);
          return ((await answer.json()) as { events: { stepName: string }[] }).events;
        },
        (rows) => rows.filter(({ stepName }) => stepName === 'message').length >= Math.min(count, 900),
      );
      expect(events.filter(({ stepName }) => stepName === 'message').length).toBeLessThanOrEqual(count);
    }
  }, 600_000);
});
