import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SHUTDOWN_CONFIG, type ShutdownConfig } from '../config/index.js';

/** Far more than the hooks of one stage. */
const MAX_LISTENERS = 1_000;

/**
 * The stages of a stop, in order.
 *
 * `unready`: readiness answers 503, all requests are still served. `refuse`: starts are refused, waiting requests are
 * answered, streams are closed. `drain`: polling ends, running handlers and starts in flight are awaited. `abort`: the
 * signals of handlers that still run abort, and their last writes are still accepted. `flush`: the write queue empties.
 * `disconnect`: listeners and sockets close. `release`: pools and the embedded engine close.
 */
export const SHUTDOWN_STAGES = [
  'unready',
  'refuse',
  'drain',
  'abort',
  'flush',
  'disconnect',
  'release',
] as const;

export type ShutdownStage = (typeof SHUTDOWN_STAGES)[number];

/** What a module does in one stage; `signal` aborts when the time of the stage has elapsed. */
export type ShutdownHook = (signal: AbortSignal) => void | Promise<void>;

/** Time for the stages after the drain, in addition to `SHUTDOWN_TIMEOUT_MS`. */
const CLOSING_TIME_MS = 5_000;

/** Part of it for handlers to end after their signals have aborted. */
const ABORT_TIME_MS = 2_000;

/**
 * Stops the service in order: every module registers hooks for stages. Timers, sockets and pools are closed by these
 * hooks only.
 */
@Injectable()
export class ShutdownService implements OnModuleDestroy {
  private readonly logger = new Logger(ShutdownService.name);
  private readonly hooks: {
    readonly stage: ShutdownStage;
    readonly name: string;
    readonly hook: ShutdownHook;
  }[] = [];
  private stopped: Promise<void> | null = null;
  private refuses = false;
  private crashed = false;

  constructor(@Inject(SHUTDOWN_CONFIG) private readonly config: ShutdownConfig) {}

  /** True from the moment the stop has begun. */
  get stopping(): boolean {
    return this.stopped !== null;
  }

  /** True once new work is refused; a stopping service still accepts it for `SHUTDOWN_DELAY_MS`. */
  get refusing(): boolean {
    return this.refuses;
  }

  /** True if an unhandled error stops the service, and not its operator. */
  get crashing(): boolean {
    return this.crashed;
  }

  /** Notes that an unhandled error causes the stop that follows. */
  noteCrash(): void {
    this.crashed = true;
  }

  /** @param name for the log if the hook fails or takes too long */
  register(stage: ShutdownStage, name: string, hook: ShutdownHook): void {
    this.hooks.push({ stage, name, hook });
  }

  /**
   * Runs all stages once; further calls wait for the first. Never rejects: a failed hook is logged, and the stop continues.
   *
   * Takes at most `SHUTDOWN_DELAY_MS` + `SHUTDOWN_TIMEOUT_MS` + 5 s.
   */
  stop(): Promise<void> {
    this.stopped ??= this.runStages();
    return this.stopped;
  }

  /** `app.close()` stops the same way; it runs before Nest closes the HTTP adapter. */
  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  private async runStages(): Promise<void> {
    const began = performance.now();
    const drainUntil = began + this.config.delayMs + this.config.timeoutMs;
    this.logger.log('Stopping: the service reports that it is not ready.');
    await this.runStage('unready', this.config.timeoutMs);
    if (this.config.delayMs > 0) await delay(this.config.delayMs);
    this.refuses = true;
    for (const stage of SHUTDOWN_STAGES.slice(1)) {
      await this.runStage(stage, Math.max(drainUntil + extraTimeMs(stage) - performance.now(), 0));
    }
    this.logger.log({ msg: 'Stopped.', durationMs: Math.round(performance.now() - began) });
  }

  private async runStage(stage: ShutdownStage, limitMs: number): Promise<void> {
    const hooks = this.hooks.filter((entry) => entry.stage === stage);
    if (hooks.length === 0) return;
    const abort = new AbortController();
    // Each hook of the stage may listen; above ten listeners Node would print a warning of a leak.
    setMaxListeners(MAX_LISTENERS, abort.signal);
    let timer: NodeJS.Timeout | undefined;
    const timeOver = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => {
        abort.abort();
        resolve('late');
      }, limitMs);
    });
    await Promise.all(
      hooks.map(({ name, hook }) =>
        this.runHook(stage, name, () => Promise.race([Promise.resolve(hook(abort.signal)), timeOver])),
      ),
    );
    clearTimeout(timer);
  }

  private async runHook(stage: ShutdownStage, name: string, run: () => Promise<unknown>): Promise<void> {
    try {
      if ((await run()) === 'late')
        this.logger.warn({ msg: 'The stop goes on without waiting longer.', stage, name });
    } catch (error) {
      this.logger.error({
        msg: 'A part of the service failed to stop; the stop goes on.',
        stage,
        name,
        err: error,
      });
    }
  }
}

/** Milliseconds after the end of the drain at which a stage has to end. */
function extraTimeMs(stage: ShutdownStage): number {
  switch (stage) {
    case 'unready':
    case 'refuse':
    case 'drain':
      return 0;
    case 'abort':
      return ABORT_TIME_MS;
    case 'flush':
    case 'disconnect':
    case 'release':
      return CLOSING_TIME_MS;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
