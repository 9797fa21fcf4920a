import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DatabaseFixture, openDatabase } from '../database/testing/database.fixture.js';
import { TaskDeliveryRepository } from './task-delivery.repository.js';

describe('TaskDeliveryRepository', () => {
  let fixture: DatabaseFixture;
  let repository: TaskDeliveryRepository;

  beforeEach(async () => {
    fixture = await openDatabase();
    repository = new TaskDeliveryRepository(fixture.database, fixture.queue);
  });

  afterEach(async () => {
    await fixture.remove();
  });

  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await repository.all()).map(({ taskId, crashes }) => [taskId, crashes]));

  it('counts a crash once for each process of the service', async () => {
    const tasks = [
      { taskId: 'a', topic: 'one' },
      { taskId: 'b', topic: 'two' },
    ];
    await repository.count('life-1', tasks);
    await repository.count('life-1', tasks);
    await repository.count('life-2', tasks.slice(0, 1));
    expect(await counts()).toEqual({ a: 2, b: 1 });
  });

  it('deletes the count of a task that has reported', async () => {
    await repository.count('life-1', [
      { taskId: 'a', topic: 'one' },
      { taskId: 'b', topic: 'one' },
    ]);
    await repository.forget('a');
    expect(await counts()).toEqual({ b: 1 });
  });

  it('deletes a count that has not changed for more than 30 days', async () => {
    await repository.count('life-1', [{ taskId: 'old', topic: 'one' }]);
    const before = new Date(Date.now() - 31 * 24 * 60 * 60 * 1_000);
    await fixture.connection.transaction((sql) =>
      sql.execute('UPDATE task_delivery SET updated_at = ?', [fixture.database.dialect.time(before)]),
    );
    await repository.count('life-2', [{ taskId: 'new', topic: 'one' }]);
    expect(await counts()).toEqual({ new: 1 });
  });

  it('accepts a topic of any length and any characters', async () => {
    await repository.count('life-1', [{ taskId: 'a', topic: 'té'.repeat(400) }]);
    expect(await counts()).toEqual({ a: 1 });
  });
});
