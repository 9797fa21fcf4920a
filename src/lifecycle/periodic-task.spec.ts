import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PeriodicTask } from './periodic-task.js';
import { ShutdownService } from './shutdown.service.js';

describe('PeriodicTask', () => {
  let shutdown: ShutdownService;

  beforeEach(() => {
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
  });

  afterEach(async () => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    await shutdown.stop();
  });

  it('runs at once, then periodically', async () => {
    const run = jest.fn(() => Promise.resolve());
    new PeriodicTask({ name: 'task', everyMs: 100, run }, shutdown).start();
    await jest.advanceTimersByTimeAsync(250);
    expect(run).toHaveBeenCalledTimes(3);
  });

  it('waits before its first round if firstAfterMs is set', async () => {
    const run = jest.fn(() => Promise.resolve());
    new PeriodicTask({ name: 'task', everyMs: 100, firstAfterMs: 1_000, run }, shutdown).start();
    await jest.advanceTimersByTimeAsync(999);
    expect(run).toHaveBeenCalledTimes(0);
    await jest.advanceTimersByTimeAsync(101);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('runs sooner after a failed round', async () => {
    const run = jest.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('away'));
    new PeriodicTask({ name: 'task', everyMs: 1_000, retryMs: 10, run }, shutdown).start();
    await jest.advanceTimersByTimeAsync(15);
    expect(run).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(900);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('logs a failure once, and that it works again', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const run = jest.fn(() => Promise.resolve());
    for (let failure = 0; failure < 3; failure += 1) run.mockRejectedValueOnce(new Error('away'));
    new PeriodicTask({ name: 'task', everyMs: 10, run }, shutdown).start();
    await jest.advanceTimersByTimeAsync(55);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(log.mock.calls).toEqual([['The task works again.']]);
  });

  it('is never at work twice: who asks for a round meanwhile waits for the one under way', async () => {
    let end = (): void => undefined;
    const run = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
    const task = new PeriodicTask({ name: 'task', everyMs: 100, run }, shutdown);
    const rounds = [task.runNow(), task.runNow()];
    end();
    await Promise.all(rounds);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('begins a requested round at once, or directly after the round under way', async () => {
    const ends: (() => void)[] = [];
    const run = jest.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
    const task = new PeriodicTask({ name: 'task', everyMs: 100, run }, shutdown);
    task.requestRound();
    expect(run).toHaveBeenCalledTimes(1);
    task.requestRound();
    task.requestRound();
    expect(run).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(run).toHaveBeenCalledTimes(2);
    ends[1]?.();
    await jest.advanceTimersByTimeAsync(99);
    expect(run).toHaveBeenCalledTimes(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(run).toHaveBeenCalledTimes(3);
    ends[2]?.();
  });

  it('begins no requested round after the stop, and awaits what the rounds have begun', async () => {
    const steps: string[] = [];
    const run = jest.fn(() => Promise.resolve());
    const drain = (): Promise<void> => Promise.resolve().then(() => void steps.push('drained'));
    const task = new PeriodicTask({ name: 'task', everyMs: 100, run, drain }, shutdown);
    jest.useRealTimers();
    await shutdown.stop();
    task.requestRound();
    expect(steps).toEqual(['drained']);
    expect(run).not.toHaveBeenCalled();
  });

  it('ends with the drain, behind the round under way', async () => {
    const run = jest.fn(() => Promise.resolve());
    new PeriodicTask({ name: 'task', everyMs: 100, run }, shutdown).start();
    await jest.advanceTimersByTimeAsync(50);
    jest.useRealTimers();
    await shutdown.stop();
    expect(run).toHaveBeenCalledTimes(1);
  });
});
