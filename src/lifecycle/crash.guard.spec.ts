import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { CrashGuard } from './crash.guard.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

describe('CrashGuard', () => {
  const shutdown = new ShutdownService({ timeoutMs: 100, delayMs: 0 });
  let errors: UnhandledErrors;
  let exits: number[];
  let closed: number;
  let guard: CrashGuard;
  let app: INestApplicationContext;
  let fatal: jest.SpiedFunction<Logger['fatal']>;

  beforeEach(() => {
    errors = new UnhandledErrors();
    exits = [];
    closed = 0;
    fatal = jest.spyOn(Logger.prototype, 'fatal').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    guard = new CrashGuard((code) => exits.push(code));
    app = {
      get: (token: unknown) => (token === UnhandledErrors ? errors : shutdown),
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    } as unknown as INestApplicationContext;
  });

  afterEach(() => {
    guard.dispose();
    process.exitCode = undefined;
    jest.restoreAllMocks();
  });

  /** Calls what the guard has hung on the process, as Node does. */
  async function happen(event: 'unhandledRejection' | 'uncaughtException', error: unknown): Promise<void> {
    const listener = process.listeners(event as 'uncaughtException').at(-1) as (error: unknown) => void;
    listener(error);
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('lets the service go on where the error has an owner', async () => {
    guard.protect(app);
    errors.register(() => false);
    errors.register((error) => error === 'mine');
    await happen('unhandledRejection', 'mine');
    await happen('uncaughtException', 'mine');
    expect([exits, closed, fatal.mock.calls, process.exitCode]).toEqual([[], 0, [], undefined]);
  });

  it('stops the service in order, once, where it has none', async () => {
    guard.protect(app);
    await happen('unhandledRejection', 'a text');
    await happen('uncaughtException', new Error('again'));
    expect([exits, closed, process.exitCode, shutdown.crashing]).toEqual([[1], 1, 1, true]);
    expect(fatal.mock.calls.map(([line]) => (line as { err: Error }).err.message)).toEqual([
      'a text',
      'again',
    ]);
  });

  it('stops also where the search for the owner or the stop fails', async () => {
    guard.protect(app);
    errors.register(() => {
      throw new Error('owner');
    });
    app.close = () => Promise.reject(new Error('close'));
    await happen('unhandledRejection', new Error('x'));
    expect(exits).toEqual([1]);
  });

  it('ends the process at once while nothing is there to stop', async () => {
    await happen('unhandledRejection', new Error('early'));
    expect(exits).toEqual([1]);
  });
});
