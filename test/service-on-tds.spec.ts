import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RunningService } from './support/service.js';
import { CapturedMssql } from './support/tds/captured.mssql.js';
import { ProcessRows } from './support/tds/process.rows.js';
import type { TdsExchange } from './support/tds/tds.server.js';

/** Maximum number of round trips of one process on an idle service. */
const MOST_ROUND_TRIPS = 8;

describe('the service on SQL Server, through the real driver', () => {
  let capture: CapturedMssql;
  let service: RunningService;

  beforeAll(async () => {
    capture = await CapturedMssql.open();
    capture.answer = new ProcessRows().answer;
    service = await RunningService.start({
      DB_TYPE: 'mssql',
      DB_HOST: '127.0.0.1',
      DB_PORT: String(capture.server.port),
      DB_NAME: 'camunda_api',
      DB_USER: 'api',
      DB_PASSWORD: 'secret',
      DB_ENCRYPT: 'off',
      DB_MIGRATE: 'on',
      SYNC_TIMEOUT_MS: '25000',
    });
  });

  afterAll(async () => {
    await service.destroy();
    await capture.close();
  });

  /**
   * What the server was asked for a process, and what belongs to no statement: transactions and checks. Not the look
   * each second for those who wait, of which there are as many as the process takes seconds.
   */
  const askedFor = (id: string): TdsExchange[] =>
    capture.server.exchanges.filter(
      ({ sql, parameters }) =>
        /^(BEGIN|COMMIT|ROLLBACK|SELECT 1;)$/.test(sql) ||
        (!sql.endsWith("AND status IN ('ok','error')") && parameters.some(({ value }) => value === id)),
    );

  it('runs a process in few round trips', async () => {
    const counts: number[] = [];
    for (const id of ['trip-1', 'trip-2', 'trip-3']) {
      capture.server.exchanges.splice(0);
      const { status } = await service.start(id);
      expect(status).toBe(200);
      // The answer to the start does not wait for its row.
      await eventually(
        () => askedFor(id).filter(({ sql }) => sql.includes('process_instance_id = COALESCE')).length,
        (written) => written > 0,
      );
      counts.push(askedFor(id).length);
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_ROUND_TRIPS);
    expect(Math.min(...counts)).toBeGreaterThan(1);
  });
});
