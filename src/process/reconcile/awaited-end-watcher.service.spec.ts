import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EngineConnection, EngineHistoryClient } from '../../camunda-engine/index.js';
import { createConfiguration } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { WaitroomService } from '../../waitroom/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import type { InstanceResultService } from '../result/instance-result.service.js';
import { AwaitedEndWatcherService } from './awaited-end-watcher.service.js';
import type { EndedInstance, EndedInstanceService } from './ended-instance.service.js';

describe('the watch for ends of awaited processes', () => {
  let rows: Map<string, Partial<ProcessRecord>>;
  let ended: Set<string>;
  let settled: string[];
  /** The ids of each query. */
  let queries: (readonly string[])[];
  let tableReads: number;
  let failure: Error | null;
  let isAway: boolean;
  /** The history of the instance `I-slow` responds when this resolves. */
  let slow: Promise<void>;
  let shutdown: ShutdownService;
  let waits: OutcomeWaitService;

  beforeEach(() => {
    jest.useFakeTimers();
    rows = new Map();
    ended = new Set();
    settled = [];
    queries = [];
    tableReads = 0;
    failure = null;
    isAway = false;
    slow = Promise.resolve();
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const store = {
      retain: () => undefined,
      release: () => undefined,
      peek: (id: string) => rows.get(id) ?? null,
      table: {
        findReplaceable: async (ids: readonly string[]) => {
          tableReads += 1;
          return ids.map((correlationId) => ({
            correlationId,
            status: 'pending',
            processInstanceId: `I-${correlationId}`,
          }));
        },
      },
    } as unknown as ProcessStoreService;
    const engine = {
      get isAway() {
        return isAway;
      },
    } as unknown as EngineConnection;
    const history = {
      findEndedAmong: async (ids: readonly string[]) => {
        queries.push(ids);
        if (failure !== null) throw failure;
        return ids.filter((id) => ended.has(id)).map((id) => ({ id, state: 'COMPLETED' }));
      },
    } as unknown as EngineHistoryClient;
    const results = {
      expectsCompletion: (key: string) => key === 'ours',
    } as unknown as InstanceResultService;
    const ends = {
      settle: async ({ record, processInstanceId }: EndedInstance) => {
        if (processInstanceId === 'I-slow') await slow;
        settled.push(processInstanceId);
        rows.set(record.correlationId, { ...rows.get(record.correlationId), status: 'ok' });
      },
    } as unknown as EndedInstanceService;
    const { wait } = createConfiguration({ MAX_WAITERS: '20000' });
    waits = new OutcomeWaitService(new WaitroomService(wait, shutdown), store);
    new AwaitedEndWatcherService(waits, store, engine, history, results, ends, shutdown);
  });

  afterEach(async () => {
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    jest.useRealTimers();
  });

  function request(correlationId: string, row: Partial<ProcessRecord> = {}): { readonly cancel: () => void } {
    rows.set(correlationId, {
      correlationId,
      status: 'pending',
      processKey: 'theirs',
      processInstanceId: `I-${correlationId}`,
      ...row,
    });
    return waits.waitFor(correlationId, 55_000);
  }

  it('finds an end within 50 ms while the waiter is young, and asks no more when it is decided', async () => {
    request('a');
    await jest.advanceTimersByTimeAsync(50);
    expect(queries).toEqual([['I-a']]);
    ended.add('I-a');
    await jest.advanceTimersByTimeAsync(50);
    expect(settled).toEqual(['I-a']);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(queries).toHaveLength(2);
  });

  it.each([1, 100, 10_000])(
    'asks at most 20 times a second for %i waiters, and less for older ones',
    async (count) => {
      for (let n = 0; n < count; n += 1) request(`p${n}`);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(queries.length).toBeLessThanOrEqual(20);
      expect(queries.length).toBeGreaterThanOrEqual(10);
      expect(Math.max(...queries.map(({ length }) => length))).toBeLessThanOrEqual(500);
      await jest.advanceTimersByTimeAsync(29_000);
      queries.length = 0;
      await jest.advanceTimersByTimeAsync(10_000);
      expect(queries.length).toBeLessThanOrEqual(6);
      expect(tableReads).toBe(0);
    },
  );

  it('asks for each of many in turn', async () => {
    for (let n = 0; n < 1_600; n += 1) request(`p${n}`);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(new Set(queries.flat()).size).toBe(1_600);
  });

  it('shortens the interval for a young waiter, however many come', async () => {
    request('old');
    await jest.advanceTimersByTimeAsync(20_000);
    queries.length = 0;
    for (let n = 0; n < 20; n += 1) {
      request(`young${n}`);
      await jest.advanceTimersByTimeAsync(10);
    }
    expect(queries.length).toBeGreaterThanOrEqual(3);
  });

  it('asks nothing for a process that a step of this service completes, or that no request waits for', async () => {
    request('ours', { processKey: 'ours' });
    request('gone').cancel();
    request('decided', { status: 'ok' });
    await jest.advanceTimersByTimeAsync(5_000);
    expect(queries).toEqual([]);
  });

  it('learns an instance that the Map does not know from the table, once a second', async () => {
    request('a', { processInstanceId: null });
    await jest.advanceTimersByTimeAsync(1_000);
    expect([tableReads, queries[0]]).toEqual([1, ['I-a']]);
  });

  it('settles other ends while the history of one instance is slow, which it asks for once', async () => {
    let respond = (): void => undefined;
    slow = new Promise((resolve) => {
      respond = resolve;
    });
    request('slow');
    request('quick');
    ended.add('I-slow');
    await jest.advanceTimersByTimeAsync(100);
    ended.add('I-quick');
    await jest.advanceTimersByTimeAsync(200);
    expect(settled).toEqual(['I-quick']);
    expect(queries.filter((ids) => ids.includes('I-slow'))).toHaveLength(1);
    respond();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(settled).toEqual(['I-quick', 'I-slow']);
  });

  it('goes on after a query that failed, and asks nothing while the engine is away', async () => {
    request('a');
    failure = new Error('away');
    await jest.advanceTimersByTimeAsync(100);
    failure = null;
    isAway = true;
    const before = queries.length;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(queries).toHaveLength(before);
    isAway = false;
    ended.add('I-a');
    await jest.advanceTimersByTimeAsync(2_000);
    expect(settled).toEqual(['I-a']);
  });
});
