import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { CrashGuard } from './crash.guard.js';
import { FatalFaults } from './fatal.faults.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

describe('CrashGuard', () => {
  let parts: Map<unknown, unknown>;
  let errors: UnhandledErrors;
  let shutdown: ShutdownService;
  let faults: FatalFaults;
  let stops: string[];
  let guard: CrashGuard;
  let app: INestApplicationContext;
  let fatal: jest.SpiedFunction<Logger['fatal']>;

  beforeEach(() => {
    errors = new UnhandledErrors();
    shutdown = new ShutdownService({ timeoutMs: 100, delayMs: 0 });
    faults = new FatalFaults();
    stops = [];
    fatal = jest.spyOn(Logger.prototype, 'fatal').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    guard = new CrashGuard(() => stops.push('boot'));
    parts = new Map<unknown, unknown>([
      [UnhandledErrors, errors],
      [ShutdownService, shutdown],
      [FatalFaults, faults],
    ]);
    app = { get: (token: unknown) => parts.get(token) } as unknown as INestApplicationContext;
  });

  afterEach(() => {
    guard.dispose();
    jest.restoreAllMocks();
  });

  /** Calls the listeners that the guard has added to the process, as Node does. */
  function happen(event: 'unhandledRejection' | 'uncaughtException', error: unknown): void {
    const listener = process.listeners(event as 'uncaughtException').at(-1) as (error: unknown) => void;
    listener(error);
  }

  function messages(): string[] {
    return fatal.mock.calls.map(([line]) => (line as { err: Error }).err.message);
  }

  it('keeps the service running if the error has an owner', () => {
    guard.protect(app);
    faults.onFault(() => stops.push('fault'));
    errors.register(() => false);
    errors.register((error) => error === 'mine');
    happen('unhandledRejection', 'mine');
    happen('uncaughtException', 'mine');
    expect([stops, messages(), shutdown.crashing]).toEqual([[], [], false]);
  });

  it('reports an error without an owner as a fatal fault, and the first one stops the service', () => {
    guard.protect(app);
    faults.onFault(() => stops.push('fault'));
    happen('unhandledRejection', 'a text');
    happen('uncaughtException', new Error('again'));
    happen('uncaughtException', new Error('again'));
    expect([stops, shutdown.crashing]).toEqual([['fault'], true]);
    expect(messages()).toEqual(['a text', 'again']);
  });

  it('reports the error if the search for its owner fails', () => {
    guard.protect(app);
    faults.onFault(() => stops.push('fault'));
    errors.register(() => {
      throw new Error('owner');
    });
    happen('unhandledRejection', new Error('x'));
    expect([stops, messages()]).toEqual([['fault'], ['x']]);
  });

  it('ends the boot until there is an application', () => {
    happen('unhandledRejection', new Error('early'));
    expect([stops, messages()]).toEqual([['boot'], []]);
  });

  it('does not count a damaged file as a crash of the running tasks', () => {
    guard.protect(app);
    faults.report('The file is damaged.', new Error('malformed'));
    faults.onFault(() => stops.push('fault'));
    expect([stops, messages(), shutdown.crashing]).toEqual([['fault'], ['malformed'], false]);
  });

  it('logs a bounded number of lines while the service stops', () => {
    for (let at = 0; at < 100; at += 1) faults.report('The file is damaged.', new Error(String(at)));
    expect(messages()).toHaveLength(20);
  });
});
