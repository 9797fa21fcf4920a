import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SCHEMA_VERSION } from '../../migrations/index.js';
import { testDatabase } from '../../src/database/testing/database.target.js';
import { changeRows, databaseVariables, removeTables } from '../support/database.js';
import { RunningService } from '../support/service.js';

/** What a migration of a newer version may do: add tables, and columns that are null or have a default. */
const EXPANDED = {
  sqlite: [
    'ALTER TABLE process_store ADD COLUMN priority INTEGER NOT NULL DEFAULT 5',
    'ALTER TABLE process_store_archive ADD COLUMN priority INTEGER',
    'ALTER TABLE event_log ADD COLUMN region VARCHAR(20)',
    "ALTER TABLE process_message ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'rest'",
    'CREATE TABLE process_note (note_id VARCHAR(36) PRIMARY KEY)',
  ],
  postgres: [
    'ALTER TABLE {s}process_store ADD COLUMN priority INTEGER NOT NULL DEFAULT 5',
    'ALTER TABLE {s}process_store_archive ADD COLUMN priority INTEGER',
    'ALTER TABLE {s}event_log ADD COLUMN region VARCHAR(20)',
    "ALTER TABLE {s}process_message ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'rest'",
    'CREATE TABLE {s}process_note (note_id VARCHAR(36) PRIMARY KEY)',
  ],
  mssql: [
    'ALTER TABLE {s}process_store ADD priority INT NOT NULL DEFAULT 5',
    'ALTER TABLE {s}process_store_archive ADD priority INT',
    'ALTER TABLE {s}event_log ADD region VARCHAR(20)',
    "ALTER TABLE {s}process_message ADD channel VARCHAR(20) NOT NULL DEFAULT 'rest'",
    'CREATE TABLE {s}process_note (note_id VARCHAR(36) PRIMARY KEY)',
  ],
}[testDatabase];

describe('a service on the schema of a newer version', () => {
  let folder: string;
  let service: RunningService;
  const schema = (): string => {
    const { DB_SCHEMA: name } = databaseVariables(folder);
    return name === undefined ? '' : `${name}.`;
  };
  const change = (sql: string): Promise<void> => changeRows(folder, sql.replaceAll('{s}', schema()), []);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-newer-'));
    await (await RunningService.start({ DATA_DIR: folder })).stop();
    for (const sql of EXPANDED) await change(sql);
    await change(
      `INSERT INTO {s}schema_version (version, applied_at, compatible_with) VALUES (${SCHEMA_VERSION + 1}, '2026-01-01 00:00:00.000', ${SCHEMA_VERSION})`,
    );
    const row = (id: string, status: string, code: string | null, origin: string | null): string =>
      `('${id}', 'onboard-user', '${status}', ${status === 'ok' ? "'{}'" : 'NULL'}, ${status === 'pending' ? 'NULL' : "'no'"}, ` +
      `${code === null ? 'NULL' : `'${code}'`}, 2, '2026-01-02 00:00:00.000', '2026-01-02 00:00:00.000', 'claim-${id}', 1, 0, ` +
      `${origin === null ? 'NULL' : `'${origin}'`})`;
    await change(
      'INSERT INTO {s}process_store (correlation_id, process_key, status, data, error, error_code, version, started_at, ' +
        `updated_at, claim_id, start_attempts, joined, outcome_origin) VALUES ${[
          row('of-new-origin', 'ok', null, 'oracle'),
          row('of-new-error', 'error', 'DEFERRED', 'oracle'),
          row('of-new-code', 'error', 'SUPERSEDED', 'superseded'),
          row('of-new-status', 'deferred', null, 'superseded'),
        ].join(', ')}`,
    );
    service = await RunningService.start({ DATA_DIR: folder, RETENTION_DAYS: '3650' });
  }, 300_000);

  afterAll(async () => {
    await service.stop();
    await removeTables(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs processes', async () => {
    const answer = await service.start('on-newer');
    expect([answer.status, answer.body.status]).toEqual([200, 'ok']);
    expect((await service.wholeTrail('on-newer', 2)).length).toBeGreaterThanOrEqual(2);
    expect((await service.get('/health/ready')).status).toBe(200);
  });

  it('answers for outcomes whose origin and code only the newer version knows', async () => {
    const [first, second, third] = await Promise.all(
      ['of-new-origin', 'of-new-error', 'of-new-code'].map((id) => service.status(id)),
    );
    expect([first?.status, first?.body.status]).toEqual([200, 'ok']);
    expect([second?.status, second?.body.errorCode]).toEqual([500, 'DEFERRED']);
    expect([third?.status, third?.body.errorCode]).toEqual([500, 'SUPERSEDED']);
  });

  it('treats a status that only the newer version knows as pending', async () => {
    const { status, body } = await service.status('of-new-status');
    expect([status, body.status]).toEqual([202, 'pending']);
  });

  it('lists them, and treats them as final', async () => {
    const list = await service.get('/api/process/status/all?processKey=onboard-user&limit=50');
    expect(JSON.stringify(list.body)).toContain('of-new-code');
    const refused = await service.post('/api/process/complete', {
      correlationId: 'of-new-code',
      status: 'ok',
      data: {},
    });
    expect(refused.status).toBe(409);
    expect((await service.post('/api/process/cancel/of-new-error', {})).status).toBe(409);
  });
});
