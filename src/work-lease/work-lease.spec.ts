import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../common/testing/until.js';
import { type DatabaseFixture, failNextCommit, openDatabase } from '../database/testing/database.fixture.js';
import { WorkLease, WorkLeaseLostError } from './work-lease.js';
import { WorkLeaseRepository } from './work-lease.repository.js';
import { WorkLeaseService } from './work-lease.service.js';

/** Long enough that no lease expires on a slow machine. */
const LONG_MS = 600_000;

describe('the lease of a work', () => {
  let fixture: DatabaseFixture;
  let repository: WorkLeaseRepository;

  beforeEach(async () => {
    fixture = await openDatabase();
    repository = new WorkLeaseRepository(fixture.database, fixture.queue);
    // Also on SQLite, to test the statements there.
    jest.spyOn(repository, 'isSoleUser', 'get').mockReturnValue(false);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.remove();
  });

  const leaseOf = (owner: string, leaseMs = LONG_MS): WorkLease =>
    new WorkLease(repository, 'work', owner, leaseMs);

  const row = async () =>
    (await fixture.database.read("SELECT owner, fence, lease_until FROM work_lease WHERE name = 'work'"))[0];

  /** Lets the lease of the row expire by the clock of the database. */
  const expire = (): Promise<unknown> =>
    fixture.connection.transaction((sql) =>
      sql.execute(`UPDATE work_lease SET lease_until = ${fixture.database.dialect.nowPlusMs}`, [-1]),
    );

  it('is held by one of several that ask at the same time', async () => {
    const owners = ['a', 'b', 'c', 'd'];
    const held = await Promise.all(owners.map((owner) => leaseOf(owner).acquire()));
    expect(held.filter(Boolean)).toHaveLength(1);
    expect(await row()).toMatchObject({ owner: owners[held.indexOf(true)], fence: 1 });
  });

  it('goes to another with a greater fence when it has expired, and the old holder knows', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    expect([await a.acquire(), await b.acquire()]).toEqual([true, false]);
    await expire();
    expect(await b.acquire()).toBe(true);
    expect(await row()).toMatchObject({ owner: 'b', fence: 2 });
    // As after a pause: its own time is over.
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + LONG_MS);
    expect(a.isHeld).toBe(false);
    await expect(a.assertHeld()).rejects.toThrow(WorkLeaseLostError);
    expect(await row()).toMatchObject({ owner: 'b', fence: 2 });
  });

  it('goes on after a pause in which nobody took it over, and says so', async () => {
    const a = leaseOf('a');
    const gained = jest.fn();
    a.onGained(gained);
    await a.acquire();
    await expire();
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + LONG_MS);
    expect(await a.acquire()).toBe(true);
    expect(gained).toHaveBeenCalledTimes(2);
    expect(await leaseOf('b').acquire()).toBe(false);
  });

  it('is renewed before it expires, and not with each check', async () => {
    const a = leaseOf('a');
    await a.acquire();
    const renew = jest.spyOn(repository, 'renew');
    await a.assertHeld();
    expect(renew).not.toHaveBeenCalled();
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + LONG_MS / 2);
    await a.assertHeld();
    expect(renew).toHaveBeenCalledTimes(1);
    expect(await row()).toMatchObject({ owner: 'a', fence: 1 });
  });

  it('is free at once when it is given up, and a late holder does not give up that of another', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.acquire();
    await a.release();
    expect(await b.acquire()).toBe(true);
    await repository.release({ name: 'work', owner: 'a', fence: 1 });
    expect(await row()).toMatchObject({ owner: 'b', fence: 2 });
  });

  it('is found again after a commit in doubt', async () => {
    const a = leaseOf('a');
    failNextCommit(fixture, true);
    expect(await a.acquire()).toBe(true);
    expect(await leaseOf('b').acquire()).toBe(false);
  });

  it('is always held where no other process can use the database, without a row', async () => {
    jest.restoreAllMocks();
    if (!fixture.database.dialect.exclusive) return;
    const lease = new WorkLeaseService(repository, fixture.shutdown).of('retention');
    expect([await lease.acquire(), lease.isHeld]).toEqual([true, true]);
    expect(await row()).toBeUndefined();
  });

  it('is left to others for a time, and taken again after it', async () => {
    const a = leaseOf('a');
    await a.acquire();
    await a.leave(1_000);
    expect(await a.acquire()).toBe(false);
    expect(await row()).toMatchObject({ owner: null });
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + 1_001);
    expect(await a.acquire()).toBe(true);
  });

  it('is given up at the beginning of a drain, and not taken again by a work that has not ended', async () => {
    const lease = new WorkLeaseService(repository, fixture.shutdown).of('retention');
    await lease.acquire();
    let isTaken: boolean | undefined;
    let freed: unknown;
    fixture.shutdown.register('drain', 'handlers', async () => {
      // A handler that runs until the work is free.
      await until(async () => {
        const [work] = await fixture.database.read("SELECT owner FROM work_lease WHERE name = 'retention'");
        return work?.owner === null;
      });
      freed = true;
      isTaken = await lease.acquire();
    });
    await fixture.stop();
    expect([freed, isTaken]).toEqual([true, false]);
  });

  it('is given up by a stop', async () => {
    const lease = new WorkLeaseService(repository, fixture.shutdown).of('retention');
    await lease.acquire();
    const release = jest.spyOn(repository, 'release');
    await fixture.stop();
    expect(release).toHaveBeenCalledWith(expect.objectContaining({ name: 'retention', fence: 1 }));
  });
});
