import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ClockWatch } from './clock.watch.js';
import { ShutdownService } from './shutdown.service.js';

describe('ClockWatch', () => {
  let shutdown: ShutdownService;
  let seen: number[];

  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    shutdown = new ShutdownService({ timeoutMs: 100, delayMs: 0 });
    seen = [];
    new ClockWatch(shutdown).onSet((byMs) => seen.push(byMs));
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('reports a change of the clock once, back or forth, and nothing while it only runs', () => {
    jest.advanceTimersByTime(10_000);
    jest.setSystemTime(Date.now() - 3_600_000);
    jest.advanceTimersByTime(5_000);
    jest.setSystemTime(Date.now() + 60_000);
    jest.advanceTimersByTime(5_000);
    jest.setSystemTime(Date.now() + 500);
    jest.advanceTimersByTime(5_000);
    expect(seen).toEqual([-3_600_000, 60_000]);
  });

  it('ends with the service', async () => {
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(10);
    await stopped;
    expect(jest.getTimerCount()).toBe(0);
  });
});
