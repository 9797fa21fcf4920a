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

  /** Round trips of a process: its statements, the ends of their transactions, and checks of connections. */
  const askedFor = (id: string): TdsExchange[] => {
    const named = new Set(capture.server.exchanges.filter((exchange) => names(exchange, id)));
    const ofItsTransactions = transactionsOf(capture.server.exchanges).filter((transaction) =>
      transaction.some((exchange) => named.has(exchange)),
    );
    const ends = ofItsTransactions.flat().filter(({ sql }) => IS_END.test(sql));
    const checks = capture.server.exchanges.filter(({ sql }) => sql === 'SELECT 1;');
    return [...named, ...ends, ...checks];
  };

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

const IS_END = /^(BEGIN|COMMIT|ROLLBACK)$/;

/** Not the look each second for those who wait, of which there are as many as the process takes seconds. */
function names({ sql, parameters }: TdsExchange, id: string): boolean {
  return !sql.endsWith("AND status IN ('ok','error')") && parameters.some(({ value }) => value === id);
}

/** The transactions that were sent in single statements, each from its BEGIN to its COMMIT or ROLLBACK. */
function transactionsOf(exchanges: readonly TdsExchange[]): TdsExchange[][] {
  const transactions: TdsExchange[][] = [];
  const open = new Map<number, TdsExchange[]>();
  for (const exchange of exchanges) {
    if (exchange.sql === 'BEGIN') {
      const begun: TdsExchange[] = [];
      open.set(exchange.connection, begun);
      transactions.push(begun);
    }
    open.get(exchange.connection)?.push(exchange);
    if (/^(COMMIT|ROLLBACK)$/.test(exchange.sql)) open.delete(exchange.connection);
  }
  return transactions;
}
