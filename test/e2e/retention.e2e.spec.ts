import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RetentionService } from '../../src/retention/index.js';
import { changeRows } from '../support/database.js';
import { RunningService } from '../support/service.js';

describe('retention', () => {
  let service: RunningService;

  beforeEach(async () => {
    service = await RunningService.start({ RETENTION_DAYS: '30' });
  });

  afterEach(async () => {
    await service.destroy();
  });

  /** Lets a process end so many days ago. */
  const age = (correlationId: string, days: number): Promise<void> =>
    changeRows(service.dataDir, 'UPDATE process_store SET updated_at = ? WHERE correlation_id = ?', [
      new Date(Date.now() - days * 86_400_000),
      correlationId,
    ]);

  const runRetention = (): Promise<void> => service.app.get(RetentionService, { strict: false }).runNow();

  it('archives a process with its trail, and its id can start a new one', async () => {
    const first = await service.start('old');
    const trail = await service.wholeTrail('old', 5);
    await service.start('young');
    await service.wholeTrail('young', 5);
    await age('old', 31);
    await age('young', 29);
    expect((await service.status('old')).text).toContain('"status":"ok"');

    await runRetention();
    expect((await service.status('old')).status).toBe(404);
    expect((await service.get('/api/process/events/old')).status).toBe(404);
    expect((await service.start('young')).headers.get('idempotent-replayed')).toBe('true');
    const archived = await service.rows('SELECT * FROM event_log_archive ORDER BY created_at, step, seq');
    expect(archived).toEqual(trail.map((row) => ({ ...row, archived_at: expect.anything() })));

    const again = await service.start('old');
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect(again.body.startedAt).not.toBe(first.body.startedAt);
    // By time the row of the start comes first, with any id.
    const places = (await service.wholeTrail('old', 5)).map(({ seq }) => seq as number);
    expect(places.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(await service.countInstances('old')).toBe(2);

    await age('old', 31);
    await runRetention();
    expect(
      await service.rows(
        "SELECT CAST(COUNT(*) AS INTEGER) AS copies FROM process_store_archive WHERE correlation_id = 'old'",
      ),
    ).toEqual([{ copies: 2 }]);
  });

  it('keeps an open incident of any age, which can still be completed', async () => {
    await service.start('broken-1', { userId: 'broken-1' });
    await age('broken-1', 400);
    await runRetention();
    expect((await service.status('broken-1')).body).toMatchObject({ errorCode: 'INCIDENT' });
    const completed = await service.post('/api/process/complete', {
      correlationId: 'broken-1',
      status: 'ok',
      data: 1,
    });
    expect(completed.status).toBe(200);
  });
});
