import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { columnsOf } from '../database/testing/database.columns.js';
import { type DatabaseFixture, openDatabase } from '../database/testing/database.fixture.js';
import { EventArchiveRepository } from './event-archive.repository.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventLogService } from './event-log.service.js';
import { DEFAULT_REDACTED_NAMES } from './event.redactor.js';

describe('EventArchiveRepository', () => {
  let fixture: DatabaseFixture;

  beforeEach(async () => {
    fixture = await openDatabase();
  });

  afterEach(async () => {
    await fixture.remove();
  });

  it('deletes only archived events, not those that another instance has written since', async () => {
    const { database, queue, config, connection } = fixture;
    const repository = new EventLogRepository(database);
    const log = new EventLogService(repository, queue, database, config, DEFAULT_REDACTED_NAMES, {
      paths: [],
    });
    const archive = new EventArchiveRepository(database);
    const selection = { correlationIds: ['a'] };
    await log.logEvent({ correlationId: 'a', stepName: 'before', status: 'ok' });
    const removed = await connection.transaction(async (sql) => {
      await archive.archive(sql, selection, new Date());
      await repository.insert(sql, [
        {
          correlationId: 'a',
          eventKey: 'since',
          createdAt: new Date(),
          values: ['since', 'ok', ...Array<null>(17).fill(null)],
        },
      ]);
      return archive.remove(sql, selection, true);
    });
    expect(removed).toBe(1);
    expect((await log.findEvents('a')).map(({ stepName }) => stepName)).toEqual(['since']);
  });

  it.each(['process_store', 'event_log'])('has an archive for every column of %s', async (table) => {
    const columns = await columnsOf(fixture, table);
    expect(columns).toContain('correlation_id');
    expect([...(await columnsOf(fixture, `${table}_archive`))].sort()).toEqual(
      [...columns, 'archived_at'].sort(),
    );
  });
});
