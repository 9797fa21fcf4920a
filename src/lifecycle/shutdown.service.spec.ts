import { getMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SHUTDOWN_STAGES, ShutdownService } from './shutdown.service.js';

describe('ShutdownService', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('runs the stages in their order, whatever the order of registration', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const ran: string[] = [];
    for (const stage of [...SHUTDOWN_STAGES].reverse()) {
      shutdown.register(stage, stage, () => {
        ran.push(stage);
      });
    }
    await shutdown.stop();
    expect(ran).toEqual([...SHUTDOWN_STAGES]);
  });

  it('lets every part of a stage listen for its end without a warning of Node', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const limits: number[] = [];
    for (let part = 0; part < 20; part += 1) {
      shutdown.register('drain', `part ${part}`, (signal) => {
        signal.addEventListener('abort', () => undefined);
        limits.push(getMaxListeners(signal));
      });
    }
    await shutdown.stop();
    expect(limits.filter((limit) => limit >= 20)).toHaveLength(20);
  });

  it('waits for a stage before it begins the next', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const ran: string[] = [];
    shutdown.register('drain', 'handlers', async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      ran.push('handlers');
    });
    shutdown.register('flush', 'queue', () => {
      ran.push('queue');
    });
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(500);
    await stopped;
    expect(ran).toEqual(['handlers', 'queue']);
  });

  it('still accepts work during SHUTDOWN_DELAY_MS, although it reports that it is stopping', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 5_000 });
    expect(shutdown.stopping).toBe(false);
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(4_999);
    expect([shutdown.stopping, shutdown.refusing]).toEqual([true, false]);
    await jest.advanceTimersByTimeAsync(1);
    expect(shutdown.refusing).toBe(true);
    await stopped;
  });

  it('aborts the signal of a hook whose time has elapsed, and continues without it', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    let aborted = false;
    shutdown.register('drain', 'handler that never ends', (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    });
    const released = jest.fn(() => undefined);
    shutdown.register('release', 'pool', released);
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(1_000);
    await stopped;
    expect(aborted).toBe(true);
    expect(released).toHaveBeenCalledTimes(1);
  });

  it('leaves time for the last writes of aborted handlers', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const ran: string[] = [];
    shutdown.register('abort', 'handler that does not listen', () => new Promise(() => undefined));
    shutdown.register('flush', 'queue', async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      ran.push('queue');
    });
    const stopped = shutdown.stop();
    await jest.advanceTimersByTimeAsync(6_000);
    await stopped;
    expect(ran).toEqual(['queue']);
  });

  it('ends within SHUTDOWN_TIMEOUT_MS + 5 s even if every later stage hangs', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    for (const stage of SHUTDOWN_STAGES) shutdown.register(stage, stage, () => new Promise(() => undefined));
    let ended = false;
    void shutdown.stop().then(() => {
      ended = true;
    });
    await jest.advanceTimersByTimeAsync(7_000);
    expect(ended).toBe(true);
  });

  it('continues if a hook fails', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdown.register('flush', 'queue', () => Promise.reject(new Error('disk full')));
    shutdown.register('flush', 'other', () => {
      throw new Error('also');
    });
    const released = jest.fn(() => undefined);
    shutdown.register('release', 'pool', released);
    await shutdown.stop();
    expect(released).toHaveBeenCalledTimes(1);
  });

  it('stops once, even if stop() is called twice and the application closes too', async () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const hook = jest.fn(() => undefined);
    shutdown.register('drain', 'once', hook);
    await Promise.all([shutdown.stop(), shutdown.stop(), shutdown.onModuleDestroy()]);
    expect(hook).toHaveBeenCalledTimes(1);
  });
});
