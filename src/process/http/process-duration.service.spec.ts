import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { ProcessDurationService } from './process-duration.service.js';

describe('ProcessDurationService', () => {
  let harness: ProcessHarness;
  let durations: ProcessDurationService;
  let pending: ProcessRecord;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
    durations = harness.durations;
    pending = await harness.claim('a');
    // In the middle: no jitter.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await harness.close();
  });

  /** Tells of an end, as every part of the service does that stores one. */
  function end(processKey: string | null, seconds: number, more: Partial<ProcessRecord> = {}): void {
    harness.waitroom.completeWait('x', {
      ...pending,
      processKey,
      status: 'ok',
      version: 2,
      updatedAt: new Date(pending.startedAt.getTime() + seconds * 1_000),
      ...more,
    });
  }

  function retryAfter(processKey: string | null, ageSeconds: number): number {
    const startedAt = new Date(Date.now() - ageSeconds * 1_000);
    return durations.retryAfterSeconds({ ...pending, processKey, startedAt });
  }

  it('moves the mean of a process key towards each outcome', () => {
    end('slow', 100);
    end('quick', 1);
    expect([durations.usualDurationMs('slow'), durations.usualDurationMs('quick')]).toEqual([100_000, 1_000]);
    end('slow', 50);
    expect(durations.usualDurationMs('slow')).toBe(90_000);
    for (let n = 0; n < 50; n += 1) end('slow', 10);
    expect(durations.usualDurationMs('slow')).toBeCloseTo(10_000, -2);
  });

  it('observes the outcomes that the services store', async () => {
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    expect(durations.usualDurationMs('test')).toBeGreaterThanOrEqual(0);
  });

  it.each<readonly [string, Partial<ProcessRecord>]>([
    ['a process that was started elsewhere', { version: 1 }],
    ['an outcome that replaces another', { version: 3 }],
    ['a process without a key', { processKey: null }],
    ['an incident', { status: 'error', outcomeOrigin: 'incident' }],
    ['a cancelled process', { status: 'error', outcomeOrigin: 'cancel' }],
    ['a pending process', { status: 'pending' }],
  ])('ignores %s', (_name, more) => {
    end('other', 100, more);
    expect(durations.usualDurationMs('other')).toBeNull();
  });

  it('forgets the least recently updated key beyond a thousand', () => {
    for (let n = 0; n < 1_000; n += 1) end(`key-${n}`, 1);
    end('key-0', 1);
    end('one-more', 1);
    expect(['key-0', 'key-1', 'key-2', 'one-more'].map((key) => durations.usualDurationMs(key))).toEqual([
      1_000,
      null,
      1_000,
      1_000,
    ]);
  });

  it.each([
    [30, 0, 30],
    [30, 20, 10],
    [30, 29.9, 1],
    [30, 31, 3],
    [30, 3_000, 60],
    [600, 0, 60],
    [0.01, 0, 1],
  ])('for a usual duration of %d s and an age of %d s returns %d s', (usual, age, expected) => {
    end('usual', usual);
    expect(retryAfter('usual', age)).toBe(expected);
  });

  it('returns a tenth of the age if the duration is unknown', () => {
    expect([retryAfter('new', 0), retryAfter(null, 100), retryAfter('new', 10_000)]).toEqual([1, 10, 60]);
  });

  it('adds jitter, and stays within 1 to 60 s', () => {
    end('usual', 20);
    end('long', 1_000);
    const seen = [0, 0.25, 0.999].map((random) => {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      return [retryAfter('usual', 0), retryAfter('long', 0), retryAfter('new', 0)];
    });
    expect(seen).toEqual([
      [16, 48, 1],
      [18, 54, 1],
      [24, 60, 1],
    ]);
  });
});
