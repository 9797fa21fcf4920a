import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { until } from '../../src/common/testing/until.js';
import { newServerConfig } from '../../src/database/testing/database.target.js';
import { ShutdownService } from '../../src/lifecycle/index.js';
import type { OutcomeHint } from '../../src/wake-ups/index.js';
import { PostgresTransport } from '../../src/wake-ups/postgres.transport.js';
import { WakeUpsService } from '../../src/wake-ups/wake-ups.service.js';

const server = newServerConfig()!;

describe('wake-ups through PostgreSQL', () => {
  let shutdowns: ShutdownService[];
  let session: pg.Client;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    shutdowns = [];
    const { host, port, user, password, name: database } = server;
    session = new pg.Client({ host, port, user, database, ...(password === null ? {} : { password }) });
    await session.connect();
  });

  afterEach(async () => {
    await Promise.all(shutdowns.map((shutdown) => shutdown.stop()));
    await session.end();
    jest.restoreAllMocks();
  });

  function instance(channel: string) {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdowns.push(shutdown);
    const service = new WakeUpsService(new PostgresTransport(server, channel), shutdown);
    const outcomes: OutcomeHint[] = [];
    service.onOutcomes((hints) => outcomes.push(...hints));
    service.onApplicationBootstrap();
    return { service, outcomes };
  }

  it('reach the other instances, also many at once with long ids', async () => {
    const [one, other] = [instance('many'), instance('many')];
    await until(() => one.service.isConnected && other.service.isConnected);
    const ids = Array.from({ length: 500 }, (_, n) => `${n}-${'ä'.repeat(250)}`);
    for (const id of ids) one.service.publishOutcome(id, 1);
    await until(() => other.outcomes.length === ids.length);
    expect(other.outcomes.map(([id]) => id)).toEqual(ids);
    expect(one.outcomes).toEqual([]);
  });

  it('come back after the server has ended the connections', async () => {
    const [one, other] = [instance('lost'), instance('lost')];
    await until(() => one.service.isConnected && other.service.isConnected);
    const listeners = `SELECT pid FROM pg_stat_activity WHERE application_name = 'fastify-camunda wake-ups' AND datname = current_database()`;
    const before = (await session.query<{ pid: number }>(listeners)).rows.map(({ pid }) => pid);
    expect(before).toHaveLength(2);
    await session.query(`SELECT pg_terminate_backend(pid) FROM (${listeners}) AS found`);
    await until(() => {
      one.service.publishOutcome('again', 1);
      return other.outcomes.length > 0;
    });
    expect(other.outcomes[0]).toEqual(['again', 1]);
  });
});
