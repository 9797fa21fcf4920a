import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { databaseVariables, removeTables } from '../support/database.js';
import { EventStreamClient } from '../support/event-stream.js';
import { eventually, RunningService } from '../support/service.js';

describe('an event stream of a process that another instance runs', () => {
  let folder: string;
  let services: RunningService[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-streams-'));
    services = [];
  });

  afterEach(async () => {
    for (const service of services) await service.destroy();
    await removeTables(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(name: string, variables: Record<string, string>) {
    const { process, witness } = parcelProcess();
    const service = await RunningService.start(
      { ...databaseVariables(folder), DATA_DIR: join(folder, name), ...variables },
      [process],
    );
    services.push(service);
    return { service, witness };
  }

  it.each<Record<string, string>>([{}, { WAKE_UPS: 'off' }])(
    'has its events as they come, and the outcome last, with %j',
    async (variables) => {
      const one = await start('one', variables);
      const other = await start('other', variables);
      await one.service.post(
        '/api/process/start',
        { processKey: 'parcel', correlationId: 'p', variables: { mode: 'hold' } },
        { prefer: 'respond-async' },
      );
      const stream = await EventStreamClient.open(`${other.service.baseUrl}/api/process/events/p`);
      await eventually(
        () => stream.seqs,
        (seqs) => seqs.includes(1),
      );
      expect(stream.isOver).toBe(false);
      one.witness.release();
      await stream.whole();
      const { body } = await one.service.get('/api/process/events/p');
      expect(stream.seqs).toEqual((body.events as { seq: number }[]).map(({ seq }) => seq));
      expect(stream.seen.at(-1)).toMatchObject({ data: { status: 'ok', data: { done: 'p' } } });
    },
  );
});
