import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EngineConnection } from '../../camunda-engine/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessHead } from '../../process-store/index.js';
import type { InstanceResultService } from '../result/instance-result.service.js';
import type { EngineWaitsReader } from './engine-waits.reader.js';
import type { InstanceWaits, WaitingFor } from './waiting-for.js';
import { WaitingForService } from './waiting-for.service.js';

const TASK = { kind: 'userTask', id: 'T', name: 'Decide' } as WaitingFor;

describe('what pending processes wait for', () => {
  let reads: string[];
  /** Milliseconds of one reading. */
  let delayMs: number;
  let failure: Error | null;
  let isAway: boolean;
  let isGone: boolean;
  let shutdown: ShutdownService;
  let service: WaitingForService;

  beforeEach(() => {
    jest.useFakeTimers();
    reads = [];
    delayMs = 0;
    failure = null;
    isAway = false;
    isGone = false;
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const engine = {
      get isAway() {
        return isAway;
      },
    } as unknown as EngineConnection;
    const reader = {
      read: async (id: string): Promise<InstanceWaits | null> => {
        reads.push(id);
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        if (failure !== null) throw failure;
        return isGone ? null : ({ entries: [TASK] } as unknown as InstanceWaits);
      },
    } as unknown as EngineWaitsReader;
    const results = {
      expectsCompletion: (key: string) => key === 'ours',
    } as unknown as InstanceResultService;
    service = new WaitingForService(engine, reader, results, shutdown);
  });

  afterEach(async () => {
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(2_000);
    await stopped;
    jest.useRealTimers();
  });

  const row = (id: string, more: Partial<ProcessHead> = {}): ProcessHead =>
    ({
      correlationId: id,
      processInstanceId: `I-${id}`,
      processKey: 'theirs',
      status: 'pending',
      ...more,
    }) as ProcessHead;

  it('reads the engine once a second, however many clients ask', async () => {
    for (let ms = 0; ms < 3_000; ms += 10) {
      const all = await Promise.all(Array.from({ length: 100 }, () => service.find(row('a'))));
      expect(all.every((waits) => waits?.[0] === TASK)).toBe(true);
      await jest.advanceTimersByTimeAsync(10);
    }
    expect(reads).toEqual(['I-a', 'I-a', 'I-a']);
  });

  it('reads nothing for a process that has ended or has no instance', async () => {
    expect(await service.find(row('a', { status: 'ok' }))).toBeNull();
    expect(await service.find(row('a', { processInstanceId: null }))).toBeNull();
    expect(reads).toEqual([]);
  });

  it('does not use what another instance with the same id waited for', async () => {
    await service.find(row('a'));
    expect(service.peek(row('a', { processInstanceId: 'other' }))).toBeNull();
    await service.find(row('a', { processInstanceId: 'other' }));
    expect(reads).toEqual(['I-a', 'other']);
  });

  it('answers without it after half a second, and has it for the next request', async () => {
    delayMs = 800;
    const answer = service.find(row('a'));
    await jest.advanceTimersByTimeAsync(500);
    expect(await answer).toBeNull();
    await jest.advanceTimersByTimeAsync(300);
    expect(service.peek(row('a'))).toEqual([TASK]);
    expect(await service.find(row('a'))).toEqual([TASK]);
    expect(reads).toHaveLength(1);
  });

  it('never waits for a process that a step of this service completes', async () => {
    const ours = row('a', { processKey: 'ours' });
    delayMs = 100;
    expect(await service.find(ours)).toBeNull();
    await jest.advanceTimersByTimeAsync(2_000);
    // What was read before is used while the next reading is under way.
    expect(await service.find(ours)).toEqual([TASK]);
    expect(reads).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(6_000);
    expect(await service.find(ours)).toBeNull();
  });

  it('answers without it after a failure, and asks again a second later', async () => {
    failure = new Error('401');
    expect(await service.find(row('a'))).toBeNull();
    failure = null;
    expect(await service.find(row('a'))).toBeNull();
    expect(reads).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await service.find(row('a'))).toEqual([TASK]);
  });

  it('asks nothing while the engine is away', async () => {
    isAway = true;
    expect(await service.find(row('a'))).toBeNull();
    expect(reads).toEqual([]);
  });

  it('shows nothing of an instance that is gone', async () => {
    isGone = true;
    expect(await service.find(row('a'))).toBeNull();
  });

  it('reads four instances at a time, and lets no more than a hundred wait for their turn', async () => {
    delayMs = 100;
    const answers = Array.from({ length: 200 }, (_, n) => service.find(row(`p${n}`)));
    await jest.advanceTimersByTimeAsync(0);
    expect(reads).toHaveLength(4);
    await jest.advanceTimersByTimeAsync(500);
    expect((await Promise.all(answers)).filter((waits) => waits !== null).length).toBeGreaterThanOrEqual(16);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(reads).toHaveLength(104);
  });

  it('returns the result of another read', async () => {
    service.remember('a', 'I-a', { entries: [TASK] } as unknown as InstanceWaits);
    expect(await service.find(row('a'))).toEqual([TASK]);
    expect(reads).toEqual([]);
  });
});
