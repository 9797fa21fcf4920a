import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import { EventStream } from './event-stream.js';

describe('ProcessEventsService', () => {
  let harness: ProcessHarness;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
    await harness.claim('a');
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await harness.close();
  });

  async function open(onClientGone: (gone: () => void) => void = () => undefined): Promise<Readable> {
    return (await harness.trails.stream('a', 0, onClientGone)).body;
  }

  /** Settles once the stream has shown all there is, and waits. */
  async function begun(body: Readable): Promise<void> {
    body.on('data', () => undefined);
    await new Promise((resolve) => body.once('data', resolve));
    await new Promise(setImmediate);
  }

  const log = (correlationId: string): Promise<void> =>
    harness.events.logEvent({ correlationId, stepName: 'first', status: 'ok' });

  it('wakes the streams of a process when an event or its outcome is durable', async () => {
    const wake = jest.spyOn(EventStream.prototype, 'wake');
    const body = await open();
    await begun(body);
    await log('b');
    expect(wake).toHaveBeenCalledTimes(0);
    await log('a');
    expect(wake).toHaveBeenCalledTimes(1);
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    // The outcome, and its event.
    expect(wake).toHaveBeenCalledTimes(3);
    await log('a');
    body.destroy();
  });

  it('ends and forgets a stream whose client is gone', async () => {
    const wake = jest.spyOn(EventStream.prototype, 'wake');
    let goAway = (): void => undefined;
    const body = await open((gone) => {
      goAway = gone;
    });
    const all = text(body);
    await log('a');
    goAway();
    expect(await all).not.toContain('event: end');
    wake.mockClear();
    await log('a');
    expect(wake).not.toHaveBeenCalled();
  });

  it('ends every stream at a stop, also those opened during it', async () => {
    const before = text(await open());
    await log('a');
    await harness.shutdown.stop();
    const during = text(await open());
    for (const shown of [await before, await during]) expect(shown).not.toContain('event: end');
  });

  it('ends a stream if the table cannot be read', async () => {
    jest.spyOn(harness.events, 'findPage').mockRejectedValue(new Error('away'));
    expect(await text(await open())).toBe('retry: 1000\n\n');
  });

  it('returns a trail whose process has no row yet', async () => {
    await expect(harness.trails.page('b', 0, 10)).rejects.toMatchObject({ code: 'unknown-process' });
    await log('b');
    const page = await harness.trails.page('b', 1, 10);
    expect(page.body).toBe('{"correlationId":"b","events":[],"nextAfter":null}');
    expect(page.headers).not.toHaveProperty('process-status');
  });
});
