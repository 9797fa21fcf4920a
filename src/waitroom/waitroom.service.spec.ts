import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ShutdownService } from '../lifecycle/index.js';
import { WaitroomService } from './waitroom.service.js';

describe('WaitroomService', () => {
  let shutdown: ShutdownService;
  let waitroom: WaitroomService;

  beforeEach(() => {
    jest.useFakeTimers();
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    waitroom = new WaitroomService(
      { syncTimeoutMs: 25_000, syncTimeoutMaxMs: 55_000, earlyAnswer: true, maxWaiters: 3 },
      shutdown,
    );
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('wakes all waiters of an id, and no others', async () => {
    const first = waitroom.createWait('a', 1_000);
    const second = waitroom.createWait('a', 1_000);
    const other = waitroom.createWait('b', 1_000);

    expect(waitroom.completeWait('a', 'done')).toBe(2);

    await expect(first.ended).resolves.toEqual({ kind: 'completed', payload: 'done' });
    await expect(second.ended).resolves.toEqual({ kind: 'completed', payload: 'done' });
    expect(waitroom.isAwaited('a')).toBe(false);
    expect(waitroom.isAwaited('b')).toBe(true);
    other.cancel();
  });

  it('calls observers for every end, also without waiters, until they are removed', () => {
    const seen: [string, unknown][] = [];
    const leave = waitroom.observe((correlationId, payload) => seen.push([correlationId, payload]));
    waitroom.completeWait('a', 'done');
    leave();
    waitroom.completeWait('b', 'done');
    expect(seen).toEqual([['a', 'done']]);
  });

  it('ends a wait when its time is over', async () => {
    const wait = waitroom.createWait('a', 1_000);
    jest.advanceTimersByTime(1_000);
    await expect(wait.ended).resolves.toEqual({ kind: 'timeout' });
    expect(waitroom.size).toBe(0);
  });

  it('settles a wait once if outcome and timeout come together', async () => {
    const wait = waitroom.createWait('a', 1_000);
    jest.advanceTimersByTime(1_000);
    expect(waitroom.completeWait('a', 'late')).toBe(0);
    await expect(wait.ended).resolves.toEqual({ kind: 'timeout' });
  });

  it('fails every wait for an id with the error', async () => {
    const wait = waitroom.createWait('a', 1_000);
    const refused = new Error('no such definition');
    expect(waitroom.failWait('a', refused)).toBe(1);
    await expect(wait.ended).rejects.toBe(refused);
  });

  it('does not turn a failed wait that is not awaited yet into an unhandled rejection', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const wait = waitroom.createWait('a', 1_000);
    waitroom.failWait('a', new Error('refused'));
    jest.useRealTimers();
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await expect(wait.ended).rejects.toThrow('refused');
  });

  it('removes only the waiter whose client disconnects', async () => {
    const gone = waitroom.createWait('a', 1_000);
    const stays = waitroom.createWait('a', 1_000);
    gone.cancel();
    await expect(gone.ended).resolves.toEqual({ kind: 'released' });
    expect(waitroom.completeWait('a', 'done')).toBe(1);
    await expect(stays.ended).resolves.toEqual({ kind: 'completed', payload: 'done' });
    gone.cancel();
    expect(waitroom.size).toBe(0);
  });

  it('releases a waiter immediately if the room is full', async () => {
    for (let n = 0; n < 3; n += 1) waitroom.createWait('a', 1_000);
    await expect(waitroom.createWait('b', 1_000).ended).resolves.toEqual({ kind: 'released' });
    expect(waitroom.size).toBe(3);
    waitroom.clearAll();
    expect(waitroom.size).toBe(0);
  });

  it('releases all waiters at a stop, and accepts none afterwards', async () => {
    const wait = waitroom.createWait('a', 1_000);
    const stopped = shutdown.stop();
    await expect(wait.ended).resolves.toEqual({ kind: 'released' });
    await stopped;
    const late = waitroom.createWait('a', 1_000);
    late.cancel();
    await expect(late.ended).resolves.toEqual({ kind: 'released' });
    expect(jest.getTimerCount()).toBe(0);
  });
});
