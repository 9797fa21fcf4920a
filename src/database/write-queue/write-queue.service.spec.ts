import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../common/testing/until.js';
import { type DatabaseFixture, failNextCommit, openDatabase } from '../testing/database.fixture.js';
import { lockWrites, testTable } from '../testing/database.obstacle.js';
import type { SqlExecutor } from '../sql.dialect.js';
import {
  WriteQueueClosedError,
  WriteQueueFullError,
  WriteRefusedError,
  WriteWithdrawnError,
  type WriteKind,
} from './index.js';

interface Note {
  readonly id: string;
  readonly value: number;
}

/** Writes notes, row by row; a negative value is refused by the table. */
class NoteKind implements WriteKind<Note, string> {
  readonly name = 'note';
  readonly batches: (readonly Note[])[] = [];
  readonly repetitions: boolean[] = [];
  readonly committedValues: number[] = [];
  rollbacks = 0;
  private place = 0;

  constructor(readonly table: string) {}

  insert(sql: SqlExecutor, { id, value }: Note): Promise<number> {
    this.place += 1;
    return sql.execute(`INSERT INTO ${this.table} VALUES (?, ?, ?)`, [this.place, id, value]);
  }

  async write(sql: SqlExecutor, items: readonly Note[], repeated: boolean): Promise<string[]> {
    this.batches.push(items);
    this.repetitions.push(repeated);
    for (const item of items) await this.insert(sql, item);
    return items.map(({ id, value }) => `${id}=${value}`);
  }

  committed(item: Note, _result: string): void {
    this.committedValues.push(item.value);
  }

  rolledBack(): void {
    this.rollbacks += 1;
  }
}

describe('WriteQueueService', () => {
  let fixture: DatabaseFixture;
  let kind: NoteKind;

  beforeEach(async () => {
    fixture = await openDatabase();
    await makeTable();
  });

  async function makeTable(): Promise<void> {
    kind = new NoteKind(testTable(fixture, 'note'));
    await fixture.connection.transaction((sql) =>
      sql.execute(
        `CREATE TABLE ${kind.table} (place INTEGER, id VARCHAR(255), value INTEGER CHECK (value >= 0))`,
      ),
    );
  }

  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.remove();
  });

  const enqueue = (
    id: string,
    value: number,
    options: Parameters<DatabaseFixture['queue']['enqueue']>[2] = {},
    bytes = 10,
  ): Promise<string> =>
    fixture.queue.enqueue(kind, { correlationId: id, bytes, item: { id, value } }, options);

  const values = async (): Promise<unknown[]> =>
    (await fixture.database.read(`SELECT value FROM ${kind.table} ORDER BY place`)).map((row) => row.value);

  const lockTable = (): Promise<() => Promise<void>> => lockWrites(fixture, 'note');

  it('gives each promise the result of its own row', async () => {
    expect(await Promise.all([enqueue('a', 1), enqueue('b', 2), enqueue('a', 3)])).toEqual([
      'a=1',
      'b=2',
      'a=3',
    ]);
  });

  it('commits everything that one turn of the event loop enqueues in one transaction', async () => {
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    await Promise.all(Array.from({ length: 200 }, (_, index) => enqueue(`id-${index}`, index)));
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(kind.batches).toHaveLength(1);
  });

  it('extends a group over some turns while each adds a write', async () => {
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    // Each write comes before the queue looks, as those of the input phase of the event loop do.
    const enqueueEachTurn = async (
      count: number,
      isOver = (): boolean => false,
    ): Promise<Promise<string>[]> => {
      const writes: Promise<string>[] = [];
      for (let value = 0; value < count && !isOver(); value += 1) {
        const next = new Promise((resolve) => setImmediate(resolve));
        writes.push(enqueue(`id-${value}`, value));
        await next;
      }
      return writes;
    };
    await Promise.all(await enqueueEachTurn(5));
    expect(transaction).toHaveBeenCalledTimes(1);

    // A group that grew without end would never be written.
    const settled = jest.fn();
    const first = enqueue('a', 1).then(settled);
    const writes = await enqueueEachTurn(50_000, () => settled.mock.calls.length > 0);
    expect(writes.length).toBeLessThan(50_000);
    await Promise.all([first, ...writes]);
  });

  it('splits the queue into groups of 500 writes', async () => {
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    await Promise.all(Array.from({ length: 1_001 }, (_, index) => enqueue('a', index)));
    expect(transaction).toHaveBeenCalledTimes(3);
    expect(await values()).toEqual(Array.from({ length: 1_001 }, (_, index) => index));
  });

  it('settles a write only when its row can be read, after it has called the kind', async () => {
    const read = enqueue('a', 7).then(async () => ({
      told: [...kind.committedValues],
      stored: await values(),
    }));
    expect(await read).toEqual({ told: [7], stored: [7] });
  });

  it('hides an open group from reads and writes that come meanwhile, which survive its rollback', async () => {
    let within: unknown[] = ['never read'];
    let second: Promise<string> | null = null;
    const spoiled: WriteKind<Note, null> = {
      name: 'spoiled',
      write: async (sql, items) => {
        await kind.insert(sql, items[0]!);
        second ??= enqueue('b', 2);
        // Turns of the event loop, in which everything else may run while the transaction is open.
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        within = await values();
        await kind.insert(sql, { id: 'a', value: -1 });
        return [null];
      },
    };
    await expect(
      fixture.queue.enqueue(spoiled, { correlationId: 'a', bytes: 1, item: { id: 'a', value: 1 } }),
    ).rejects.toBeInstanceOf(WriteRefusedError);
    expect(within).toEqual([]);
    expect(await (second as unknown as Promise<string>)).toBe('b=2');
    expect(await values()).toEqual([2]);
  });

  it('writes the other rows of a group with a refused row, in their order', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3, -1, 4, 5, 6].map((value) => enqueue('a', value)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(3).fill('fulfilled'),
      'rejected',
      ...Array<string>(3).fill('fulfilled'),
    ]);
    expect(outcomes[3]).toMatchObject({
      reason: { name: 'WriteRefusedError', kind: 'note', correlationId: 'a' },
    });
    expect(await values()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(kind.committedValues).toEqual([1, 2, 3, 4, 5, 6]);
    expect(kind.rollbacks).toBeGreaterThan(0);
    expect(fixture.queue.bytesQueued).toBe(0);
  });

  it('writes the replacement that the kind returns for a refused row', async () => {
    const marking = Object.assign(kind, { refused: ({ id }: Note): Note => ({ id, value: 999 }) });
    expect(
      await fixture.queue.enqueue(marking, { correlationId: 'a', bytes: 1, item: { id: 'a', value: -1 } }),
    ).toBe('a=999');
    expect(await values()).toEqual([999]);
  });

  it('rejects a row whose replacement is refused as well', async () => {
    const stubborn = Object.assign(kind, { refused: (item: Note): Note => item });
    await expect(
      fixture.queue.enqueue(stubborn, { correlationId: 'a', bytes: 1, item: { id: 'a', value: -1 } }),
    ).rejects.toBeInstanceOf(WriteRefusedError);
  });

  it('looks again once before it blames a row for a key that exists', async () => {
    await fixture.connection.transaction((sql) =>
      sql.execute(`CREATE UNIQUE INDEX one ON ${kind.table} (id)`),
    );
    await enqueue('a', 1);
    const write = kind.write.bind(kind);
    kind.write = async (sql, items, repeated) => (repeated ? ['there already'] : write(sql, items, repeated));
    expect(await enqueue('a', 2)).toBe('there already');
  });

  it('waits while the database is busy and writes afterwards, in order', async () => {
    const unlock = await lockTable();
    const all = [enqueue('a', 1), enqueue('b', 2)];
    await until(() => !fixture.queue.available);
    all.push(enqueue('a', 3));
    expect(fixture.queue.bytesQueued).toBe(30);
    await unlock();
    expect(await Promise.all(all)).toEqual(['a=1', 'b=2', 'a=3']);
    expect(fixture.queue.available).toBe(true);
    expect(await values()).toEqual([1, 2, 3]);
  });

  it('reports a repeated attempt to the kind after a commit in doubt', async () => {
    failNextCommit(fixture, false);
    await enqueue('a', 1);
    expect(kind.repetitions).toEqual([false, true]);
    expect(await values()).toEqual([1]);
  });

  it('refuses writes above its limit, and has headroom', async () => {
    const unlock = await lockTable();
    const first = enqueue('a', 1, {}, 900_000);
    expect(fixture.queue.overHalf).toBe(true);
    expect(fixture.queue.belowQuarter).toBe(false);
    await expect(enqueue('b', 2, {}, 200_000)).rejects.toBeInstanceOf(WriteQueueFullError);
    const reserved = enqueue('c', 3, { useHeadroom: true }, 200_000);
    await unlock();
    await Promise.all([first, reserved]);
    expect(await values()).toEqual([1, 3]);
    expect(fixture.queue.overHalf).toBe(false);
    expect(fixture.queue.belowQuarter).toBe(true);
  });

  it('keeps a write that waits outside the full queue, ahead of writes that do not wait', async () => {
    const unlock = await lockTable();
    const first = enqueue('a', 1, {}, 900_000);
    const patient = enqueue('b', 2, { whenFull: 'wait' }, 800_000);
    const next = enqueue('c', 3, { whenFull: 'wait' }, 10);
    expect(fixture.queue.bytesQueued).toBe(900_000);
    await expect(enqueue('d', 4, {}, 10)).rejects.toBeInstanceOf(WriteQueueFullError);
    await unlock();
    await Promise.all([first, patient, next]);
    expect(await values()).toEqual([1, 2, 3]);
    expect(fixture.queue.bytesQueued).toBe(0);
  });

  it('cancels a write that waits outside, and rejects it if the service stops without writing', async () => {
    const unlock = await lockTable();
    const first = expect(enqueue('a', 1, {}, 900_000)).rejects.toBeInstanceOf(WriteQueueClosedError);
    const abort = new AbortController();
    const withdrawn = enqueue('b', 2, { whenFull: 'wait', signal: abort.signal }, 800_000);
    const left = expect(enqueue('c', 3, { whenFull: 'wait' }, 800_000)).rejects.toBeInstanceOf(
      WriteQueueClosedError,
    );
    abort.abort();
    await expect(withdrawn).rejects.toBeInstanceOf(WriteWithdrawnError);
    await fixture.queue.flush(AbortSignal.abort());
    await Promise.all([first, left]);
    await unlock();
    expect(await values()).toEqual([]);
  });

  it('commits writes that wait outside before the service stops', async () => {
    const unlock = await lockTable();
    const first = enqueue('a', 1, {}, 900_000);
    const patient = enqueue('b', 2, { whenFull: 'wait' }, 800_000);
    const flushed = fixture.queue.flush(new AbortController().signal);
    await unlock();
    await flushed;
    expect(await Promise.all([first, patient])).toEqual(['a=1', 'b=2']);
  });

  it('reports pressure above a half, and its end only below a quarter', async () => {
    const told: boolean[] = [];
    fixture.queue.onPressure((isHigh) => told.push(isHigh));
    const unlock = await lockTable();
    const abort = new AbortController();
    const first = enqueue('a', 1, {}, 300_000);
    await until(() => !fixture.queue.available);
    const second = enqueue('b', 2, { signal: abort.signal }, 300_000);
    expect(told).toEqual([true]);
    abort.abort();
    await expect(second).rejects.toBeInstanceOf(WriteWithdrawnError);
    expect(told).toEqual([true]);
    await unlock();
    await first;
    expect(told).toEqual([true, false]);
  });

  it('reports the late result of a write whose caller timed out', async () => {
    await fixture.remove();
    fixture = await openDatabase({ writeWaitMs: 20 });
    await makeTable();
    const unlock = await lockTable();
    const late: string[] = [];
    const write = { correlationId: 'a', bytes: 10, item: { id: 'a', value: 1 } };
    await expect(
      fixture.queue.enqueue(kind, write, { onTimeout: 'cancel', late: (result) => late.push(result) }),
    ).rejects.toMatchObject({ unconfirmed: { correlationId: 'a' } });
    await unlock();
    await until(() => late.length > 0);
    expect(late).toEqual(['a=1']);
  });

  it('accepts a write that is larger than the queue if it is empty', async () => {
    expect(await enqueue('a', 1, {}, 5_000_000)).toBe('a=1');
  });

  it('writes a deferrable write with the next group', async () => {
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    const deferrable = enqueue('a', 1, { deferrable: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(transaction).not.toHaveBeenCalled();
    await Promise.all([deferrable, enqueue('b', 2)]);
    expect(transaction).toHaveBeenCalledTimes(1);
    expect(await values()).toEqual([1, 2]);
  });

  it('writes a deferrable write in a group of its own if no other write follows', async () => {
    expect(await enqueue('a', 1, { deferrable: true })).toBe('a=1');
  });

  it('withdraws a write that waits, but none that is being written', async () => {
    const unlock = await lockTable();
    const [written, waiting] = [new AbortController(), new AbortController()];
    const first = enqueue('a', 1, { signal: written.signal });
    await until(() => !fixture.queue.available);
    const second = enqueue('b', 2, { signal: waiting.signal });
    written.abort();
    waiting.abort();
    await expect(second).rejects.toBeInstanceOf(WriteWithdrawnError);
    await expect(enqueue('c', 3, { signal: waiting.signal })).rejects.toBeInstanceOf(WriteWithdrawnError);
    await unlock();
    expect(await first).toBe('a=1');
    expect(await values()).toEqual([1]);
    expect(fixture.queue.bytesQueued).toBe(0);
  });

  it('commits waiting writes when the service stops, and accepts none afterwards', async () => {
    const all = [enqueue('a', 1, { deferrable: true }), enqueue('a', 2)];
    await fixture.stop();
    await expect(enqueue('a', 3)).rejects.toBeInstanceOf(WriteQueueClosedError);
    expect(await Promise.all(all)).toEqual(['a=1', 'a=2']);
    fixture = await fixture.reopen();
    expect(await values()).toEqual([1, 2]);
  });

  it('rejects writes that cannot be committed in time when the service stops', async () => {
    const unlock = await lockTable();
    const first = expect(enqueue('a', 1)).rejects.toBeInstanceOf(WriteQueueClosedError);
    await until(() => !fixture.queue.available);
    const second = expect(enqueue('a', 2)).rejects.toBeInstanceOf(WriteQueueClosedError);
    const abort = new AbortController();
    const flushed = fixture.queue.flush(abort.signal);
    abort.abort();
    await Promise.all([flushed, first, second]);
    await unlock();
    expect(await values()).toEqual([]);
  });

  it('rejects waiting writes immediately if the time of the stop is over', async () => {
    const write = expect(enqueue('a', 1)).rejects.toBeInstanceOf(WriteQueueClosedError);
    await fixture.queue.flush(AbortSignal.abort());
    await write;
  });
});
