import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { WriteQueueService } from '../database/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { RetentionInterruptedError, RetentionPace } from './retention.pace.js';

describe('RetentionPace', () => {
  const queue = { available: true, overHalf: false };
  let shutdown: ShutdownService;
  let pace: RetentionPace;

  beforeEach(() => {
    Logger.overrideLogger(false);
    shutdown = new ShutdownService({ timeoutMs: 100, delayMs: 0 });
    Object.assign(queue, { available: true, overHalf: false });
    pace = new RetentionPace(queue as WriteQueueService, shutdown, 5);
  });

  afterEach(async () => {
    await shutdown.stop();
  });

  it('rests as long as the work before it took', async () => {
    const began = performance.now();
    await pace.rest(40);
    // Timers count in whole milliseconds.
    expect(performance.now() - began).toBeGreaterThanOrEqual(39);
  });

  it.each([
    ['takes no writes', { available: false }],
    ['is more than half full', { overHalf: true }],
  ])('waits while the queue %s', async (_what, state) => {
    Object.assign(queue, state);
    let looks = 0;
    const seen = new Proxy(queue, {
      get: (target, name: 'available' | 'overHalf') => {
        if (name in state && ++looks === 2) Object.assign(target, { available: true, overHalf: false });
        return target[name];
      },
    });
    await new RetentionPace(seen as WriteQueueService, shutdown, 5).rest();
    expect(looks).toBeGreaterThanOrEqual(2);
  });

  it('ends a pause as soon as the service begins to stop, and allows none after', async () => {
    const resting = pace.rest(60_000);
    const stopped = shutdown.stop();
    await expect(resting).rejects.toThrow(RetentionInterruptedError);
    await stopped;
    await expect(pace.rest()).rejects.toThrow(RetentionInterruptedError);
    expect(pace.signal.aborted).toBe(true);
  });
});
