import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DatabaseFixture, openDatabase } from '../database/testing/database.fixture.js';
import { ProcessMessageRepository } from './process-message.repository.js';

const LEASE_MS = 60_000;

describe('ProcessMessageRepository', () => {
  let fixture: DatabaseFixture;
  let repository: ProcessMessageRepository;

  beforeEach(async () => {
    fixture = await openDatabase();
    repository = new ProcessMessageRepository(fixture.database, fixture.queue);
  });

  afterEach(async () => {
    await fixture.remove();
  });

  const claim = (messageId: string, claimId: string, owner = 'first', leaseMs = LEASE_MS) =>
    repository.claim({
      messageId,
      requestHash: 'hash',
      claimId,
      correlationId: 'order-1',
      processInstanceId: 'instance-1',
      owner,
      leaseMs,
    });

  const row = { messageId: 'm', claimId: 'one' };
  const lease = (owner: string, deadOwner: string | null = null) =>
    repository.lease(row, { owner, leaseMs: LEASE_MS, deadOwner });

  const attempt = (owner: string, settleMs: number) =>
    repository.beginAttempt({
      ...row,
      owner,
      leaseMs: LEASE_MS,
      correlationId: 'order-2',
      processInstanceId: 'instance-2',
      settleMs,
      lastAttemptAt: null,
    });

  it('gives a message to the first of two claims, and its row to both', async () => {
    const [first, second] = await Promise.all([claim('m', 'one'), claim('m', 'two', 'second')]);
    expect([first.kind, second.kind]).toEqual(['claimed', 'exists']);
    expect(second.record).toMatchObject({ claimId: 'one', state: 'correlating', leaseOwner: 'first' });
    expect(await repository.find('m')).toEqual(first.record);
    expect(await repository.find('M')).toBeNull();
  });

  it('claims a message that starts a process without a lease', async () => {
    const { record } = await repository.claim({
      messageId: 'm',
      requestHash: 'hash',
      claimId: 'one',
      correlationId: 'order-1',
      processInstanceId: null,
      owner: 'first',
      leaseMs: LEASE_MS,
    });
    expect(record).toMatchObject({
      state: 'starting',
      leaseOwner: null,
      leaseUntil: null,
      lastAttemptAt: null,
    });
    expect(await lease('second')).toBeNull();
  });

  it('gives the lease to one request, until it expires, is released, or its holder is dead', async () => {
    await claim('m', 'one');
    expect(await lease('second')).toBeNull();
    expect(await lease('second', 'another')).toBeNull();
    expect(await lease('second', 'first')).toMatchObject({ leaseOwner: 'second' });
    // The dead holder is not the holder any more.
    expect(await lease('third', 'first')).toBeNull();
    expect(await repository.release(row, 'first')).toBeNull();
    expect(await repository.release(row, 'second')).toMatchObject({ leaseOwner: null });
    expect(await lease('third')).toMatchObject({ leaseOwner: 'third' });
    await claim('expired', 'one', 'first', 0);
    const expired = { messageId: 'expired', claimId: 'one' };
    expect(
      await repository.lease(expired, { owner: 'second', leaseMs: LEASE_MS, deadOwner: null }),
    ).not.toBeNull();
  });

  it('allows another attempt only to the holder, and only after the last one has settled', async () => {
    await claim('m', 'one');
    expect(await attempt('second', 0)).toBeNull();
    expect(await attempt('first', LEASE_MS)).toBeNull();
    expect(await attempt('first', 0)).toMatchObject({
      correlationId: 'order-2',
      processInstanceId: 'instance-2',
    });
    const doubtful = await repository.doubt(row, 'first');
    expect(doubtful).toMatchObject({ leaseOwner: null, lastAttemptAt: expect.any(Date) });
    expect(await attempt('first', 0)).toBeNull();
  });

  it('keeps a message that is correlated, and removes one that is not', async () => {
    await claim('m', 'one');
    expect(await repository.settle(row)).toMatchObject({ state: 'correlated', leaseOwner: null });
    await repository.remove({ ...row, leaseOwner: null });
    expect(await repository.find('m')).toMatchObject({ state: 'correlated' });
    expect(await lease('second')).toBeNull();
    await claim('other', 'two');
    await repository.remove({ messageId: 'other', claimId: 'another claim', leaseOwner: 'first' });
    await repository.remove({ messageId: 'other', claimId: 'two', leaseOwner: 'another request' });
    await repository.remove({ messageId: 'other', claimId: 'two', leaseOwner: null });
    expect(await repository.find('other')).not.toBeNull();
    await repository.remove({ messageId: 'other', claimId: 'two', leaseOwner: 'first' });
    expect(await repository.find('other')).toBeNull();
  });

  it('removes old messages, oldest first, and no younger one of the same id', async () => {
    await claim('old', 'one');
    await claim('new', 'two');
    const before = new Date(Date.now() - 60_000);
    await fixture.connection.transaction((sql) =>
      sql.execute('UPDATE process_message SET created_at = ? WHERE message_id = ?', [
        fixture.database.dialect.time(new Date(Date.now() - 120_000)),
        'old',
      ]),
    );
    expect(await repository.findOlderThan(before, 10)).toEqual(['old']);
    await repository.removeOld(['old', 'new'], before);
    expect(await repository.find('old')).toBeNull();
    expect(await repository.find('new')).not.toBeNull();
  });
});
