import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventSlice, StepAttempt, StoredEvent } from '../../event-log/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { EventStream, type EventStreamSource } from './event-stream.js';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');

/** A table that the test fills, and counts the looks at. */
class Table implements EventStreamSource {
  row: Partial<ProcessRecord> | null = { status: 'pending', errorCode: null };
  readonly rows: StoredEvent[] = [];
  looks = 0;

  now(): Date {
    return new Date();
  }

  record(): Promise<ProcessRecord | null> {
    return Promise.resolve(this.row as ProcessRecord | null);
  }

  events(after: number, limit: number): Promise<EventSlice> {
    this.looks += 1;
    const left = this.rows.filter(({ seq }) => seq > after);
    const events = left.slice(0, limit);
    return Promise.resolve({ events, nextAfter: left.length > limit ? (events.at(-1)?.seq ?? null) : null });
  }

  attempts(stepName: string): Promise<readonly StepAttempt[]> {
    return Promise.resolve(this.rows.filter((row) => row.stepName === stepName));
  }

  view({ status }: ProcessRecord): string {
    return JSON.stringify({ status });
  }

  add(stepName: string, more: Partial<StoredEvent> = {}): void {
    const seq = this.rows.length + 1;
    this.rows.push({ seq, stepName, status: 'ok', createdAt: new Date(), ...more } as StoredEvent);
  }

  finish(more: Partial<ProcessRecord> = {}): void {
    this.row = {
      status: 'ok',
      errorCode: null,
      error: null,
      outcomeStep: null,
      startNextAt: null,
      requestHash: 'hash',
      updatedAt: new Date(),
      ...more,
    };
  }
}

describe('EventStream', () => {
  let table: Table;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    table = new Table();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Reads a stream without delay, and returns each message in short form. */
  function follow(after = 0): { stream: EventStream; seen: string[]; ended: () => boolean } {
    const stream = new EventStream(table, after);
    const seen: string[] = [];
    let isEnded = false;
    void (async () => {
      for await (const text of stream.read()) seen.push(shortOf(text));
      isEnded = true;
    })();
    return { stream, seen, ended: () => isEnded };
  }

  function shortOf(text: string): string {
    expect(text.endsWith('\n\n')).toBe(true);
    const [first = ''] = text.split('\n');
    return text.includes('event: end') ? text.trim().replace('\n', ' ') : first;
  }

  const settled = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

  it('sends existing events, then each new event once, as soon as it is woken', async () => {
    table.add('start');
    table.add('first');
    const { stream, seen } = follow();
    await settled();
    expect(seen).toEqual(['retry: 1000', 'id: 1', 'id: 2']);
    table.add('second');
    stream.wake();
    await settled();
    expect(seen.slice(3)).toEqual(['id: 3']);
  });

  it('reads the table every second without a wake-up', async () => {
    const { seen } = follow();
    await settled();
    table.add('start');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual(['retry: 1000', 'id: 1']);
  });

  it('reads again at once after a wake-up during a read', async () => {
    const { stream, seen } = follow();
    const events = table.events.bind(table);
    jest.spyOn(table, 'events').mockImplementationOnce(async (after, limit) => {
      const found = await events(after, limit);
      table.add('start');
      stream.wake();
      return found;
    });
    await settled();
    expect(seen).toEqual(['retry: 1000', 'id: 1']);
  });

  it('resumes after a place in the trail', async () => {
    for (let n = 0; n < 5; n += 1) table.add('start');
    const { seen } = follow(3);
    await settled();
    expect(seen).toEqual(['retry: 1000', 'id: 4', 'id: 5']);
  });

  it('sends a heartbeat every 15 s', async () => {
    const { stream, seen } = follow();
    await jest.advanceTimersByTimeAsync(14_000);
    table.add('start');
    stream.wake();
    await jest.advanceTimersByTimeAsync(999);
    expect(seen).toEqual(['retry: 1000', 'id: 1']);
    await jest.advanceTimersByTimeAsync(1);
    expect(seen.slice(2)).toEqual([': heartbeat']);
    await jest.advanceTimersByTimeAsync(15_000);
    expect(seen.slice(2)).toEqual([': heartbeat', ': heartbeat']);
  });

  it('ends with the process, after all its events', async () => {
    const { stream, seen, ended } = follow();
    await settled();
    table.add('complete');
    table.finish();
    stream.wake();
    await settled();
    expect(seen.slice(1)).toEqual(['id: 1', 'event: end data: {"status":"ok"}']);
    expect(ended()).toBe(true);
  });

  it.each(['incident', 'no-result'] as const)(
    'stays open on an outcome of origin %s',
    async (outcomeOrigin) => {
      table.finish({ status: 'error', outcomeOrigin });
      const { seen, ended } = follow();
      await jest.advanceTimersByTimeAsync(10_000);
      expect([seen, ended()]).toEqual([['retry: 1000'], false]);
    },
  );

  it('waits for the event of the attempt that reported the outcome', async () => {
    table.add('last', { status: 'error', errorMessage: 'Too busy' });
    jest.setSystemTime(NOW + 1);
    table.finish({ outcomeStep: 'last' });
    const { stream, seen, ended } = follow();
    await jest.advanceTimersByTimeAsync(5_000);
    expect([seen, ended()]).toEqual([['retry: 1000', 'id: 1'], false]);
    table.add('last');
    stream.wake();
    await settled();
    expect(seen.slice(2)).toEqual(['id: 2', 'event: end data: {"status":"ok"}']);
  });

  it('finds the event of the last step before the place of the resume', async () => {
    table.finish({ outcomeStep: 'last' });
    table.add('last');
    const { seen } = follow(1);
    await settled();
    expect(seen).toEqual(['retry: 1000', 'event: end data: {"status":"ok"}']);
  });

  it('recognises the older event of a business error by its message', async () => {
    table.add('last', { status: 'error', errorMessage: 'Too hea…' });
    jest.setSystemTime(NOW + 1);
    table.finish({ status: 'error', errorCode: 'TOO_HEAVY', error: 'Too heavy', outcomeStep: 'last' });
    const { seen } = follow();
    await settled();
    expect(seen.slice(1)).toEqual(['id: 1', 'event: end data: {"status":"error"}']);
  });

  it.each([
    ['http', 'complete', 'ok'],
    ['cancel', 'cancel', 'error'],
    ['expiry', 'expire', 'error'],
    ['start-rejected', 'start', 'error'],
    ['engine', 'end', 'ok'],
    ['bpmn-error', 'end', 'error'],
    ['result-too-large', 'end', 'error'],
  ] as const)('waits for the event of an outcome of origin %s', async (outcomeOrigin, step, status) => {
    // A completion that was refused, a requested cancel, an attempt to start.
    table.add(step, { status: status === 'ok' ? 'error' : 'ok' });
    jest.setSystemTime(NOW + 1);
    table.finish({ status: 'error', outcomeOrigin });
    const { stream, seen, ended } = follow();
    await jest.advanceTimersByTimeAsync(5_000);
    expect([seen, ended()]).toEqual([['retry: 1000', 'id: 1'], false]);
    table.add(step, { status });
    stream.wake();
    await settled();
    expect(seen.slice(2)).toEqual(['id: 2', 'event: end data: {"status":"error"}']);
  });

  it('waits for the event of the start, which a fast process overtakes', async () => {
    table.finish({ outcomeStep: 'last', startNextAt: new Date() });
    table.add('last');
    const { stream, seen } = follow();
    await settled();
    expect(seen).toEqual(['retry: 1000', 'id: 1']);
    table.finish({ outcomeStep: 'last' });
    table.add('start');
    stream.wake();
    await settled();
    expect(seen.slice(2)).toEqual(['id: 2', 'event: end data: {"status":"ok"}']);
  });

  it('ends 60 s after the process if that event is missing', async () => {
    table.finish({ outcomeStep: 'last' });
    const { seen, ended } = follow();
    await jest.advanceTimersByTimeAsync(59_999);
    expect(ended()).toBe(false);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([seen.at(-1), ended()]).toEqual(['event: end data: {"status":"ok"}', true]);
  });

  it('ends without a last event if it is closed or its claim is removed', async () => {
    const closed = follow();
    const refused = follow();
    await settled();
    closed.stream.close();
    await settled();
    expect([closed.seen, closed.ended()]).toEqual([['retry: 1000'], true]);
    table.row = null;
    refused.stream.wake();
    await settled();
    expect([refused.seen, refused.ended()]).toEqual([['retry: 1000'], true]);
  });

  it('streams a trail whose process has no row yet', async () => {
    table.row = null;
    table.add('first');
    const { stream, seen } = follow();
    await settled();
    table.finish();
    stream.wake();
    await settled();
    expect(seen.slice(1)).toEqual(['id: 1', 'event: end data: {"status":"ok"}']);
  });

  it('reads the table only at the pace of its consumer', async () => {
    for (let n = 0; n < 200; n += 1) table.add('start');
    const reader = new EventStream(table, 0).read();
    for (let n = 0; n < 51; n += 1) await reader.next();
    expect(table.looks).toBe(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(table.looks).toBe(1);
    expect((await reader.next()).value).toMatch(/^id: 51\n/);
    expect(table.looks).toBe(2);
    await reader.return();
  });
});
