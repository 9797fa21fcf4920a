import { setTimeout as delay } from 'node:timers/promises';
import { isDamage, isDiskTrouble } from '../common/sqlite-file/index.js';
import { EngineStoppedError } from './state/engine.errors.js';
import type { EmbeddedEngine } from './embedded-engine.js';
import { EngineFileError } from './persist/sqlite/engine-file.errors.js';
import {
  createRouter,
  describeError,
  type EngineRequest,
  type EngineResponse,
  type EngineRouter,
  internalError,
} from './rest/index.js';
import type { TaskLock } from './tasks/in-process.locks.js';

/**
 * The condition of the engine. `recovering`: its file rejects writes; it continues from the last commit when a write
 * succeeds. `failed`: it cannot read its state back, and needs a new process or an operator.
 */
export type EngineCondition =
  { readonly status: 'running' } | { readonly status: 'recovering' | 'failed'; readonly reason: string };

/** Shortest and longest delay before the file is opened again, in ms. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;

/** An engine that stops again within this time, in ms, has not recovered: the delays keep growing. */
const STEADY_MS = 5_000;

type Locks = Iterable<readonly [string, TaskLock]>;

/** Dependencies of a {@link RecoveringEngine}. */
export interface RecoveringEngineParts {
  /**
   * Opens an engine with the state of its file.
   *
   * @param again absent the first time. @throws EngineFileError if the file cannot be used
   */
  readonly open: (
    onStopped: (error: Error) => void,
    again?: { readonly inProcessLocks: Locks },
  ) => Promise<EmbeddedEngine>;
  /** Releases the lock of the file, at the end. */
  readonly release: () => void;
  /** Called with unexpected errors, which are answered with 500. */
  readonly onUnexpectedError: (error: unknown) => void;
  /** Called when the condition changes, except by damage. */
  readonly onCondition?: (condition: EngineCondition) => void;
  /** Called once if the content of the file is damaged: the process has to end, and the file has to be restored. */
  readonly onDamage?: (error: unknown) => void;
}

/**
 * The REST API of an engine that survives a file that rejects writes. Requests that are not durable at that moment are
 * answered with 503; a new engine reads the state back as soon as the file accepts a write again.
 */
export class RecoveringEngine {
  private engine: EmbeddedEngine | null = null;
  private router: EngineRouter | null = null;
  private state: EngineCondition = { status: 'running' };
  private recovery: Promise<void> | null = null;
  private readonly closing = new AbortController();
  private closed: Promise<void> | undefined;
  private tries = 0;
  private runsSince = 0;
  private damageReported = false;

  private constructor(private readonly parts: RecoveringEngineParts) {}

  /** @throws what the first `open` throws */
  static async open(parts: RecoveringEngineParts): Promise<RecoveringEngine> {
    const recovering = new RecoveringEngine(parts);
    try {
      await recovering.begin();
    } catch (error) {
      parts.release();
      throw error;
    }
    return recovering;
  }

  get condition(): EngineCondition {
    return this.state;
  }

  /** The current engine, for the log; null while it recovers. */
  get current(): EmbeddedEngine | null {
    return this.engine;
  }

  /** Handles a request; never rejects. */
  dispatch(request: EngineRequest): Promise<EngineResponse> {
    if (this.router !== null) return this.router.dispatch(request);
    const { status, ...rest } = this.state;
    const reason = 'reason' in rest ? rest.reason : status;
    return Promise.resolve(describeError(new EngineStoppedError(reason)) ?? internalError());
  }

  /** Handles an error outside a request. */
  noteError(error: unknown): void {
    if (isDamage(error)) this.reportDamage(error);
  }

  /** Closes the engine or stops the recovery. Further calls return the same promise. */
  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    this.closing.abort();
    await this.recovery;
    await this.engine?.close();
    this.parts.release();
  }

  private async begin(inProcessLocks?: Locks): Promise<void> {
    const began: { engine?: EmbeddedEngine; stopped?: Error } = {};
    const engine = await this.parts.open(
      (error) => {
        began.stopped = error;
        if (began.engine !== undefined) this.stopped(began.engine, error);
      },
      inProcessLocks === undefined ? undefined : { inProcessLocks },
    );
    if (began.stopped !== undefined) {
      // A timer fired during the opening, and the file rejected the write.
      await engine.close();
      throw began.stopped;
    }
    began.engine = engine;
    this.engine = engine;
    this.router = createRouter(engine, (error) => {
      this.unexpected(error);
    });
    this.runsSince = performance.now();
  }

  private unexpected(error: unknown): void {
    this.parts.onUnexpectedError(error);
    this.noteError(error);
  }

  private reportDamage(error: unknown): void {
    if (this.damageReported) return;
    this.damageReported = true;
    // Unlike other failures, damage is not retried: the file has to be restored first.
    this.state = {
      status: 'failed',
      reason: messageOf(error instanceof EngineStoppedError ? error.cause : error),
    };
    this.parts.onDamage?.(error);
  }

  private stopped(engine: EmbeddedEngine, error: Error): void {
    this.engine = null;
    this.router = null;
    const { cause = error } = error;
    if (performance.now() - this.runsSince > STEADY_MS) this.tries = 0;
    this.setCondition({ status: 'recovering', reason: messageOf(cause) });
    this.recovery = this.recover(engine, cause);
  }

  private async recover(stopped: EmbeddedEngine, cause: unknown): Promise<void> {
    const inProcessLocks = [...stopped.inProcessLocks];
    try {
      await stopped.close();
    } catch (error) {
      this.parts.onUnexpectedError(error);
    }
    if (isDamage(cause)) this.reportDamage(cause);
    while (!this.damageReported && (await this.pause())) {
      try {
        await this.begin(inProcessLocks);
        this.setCondition({ status: 'running' });
        return;
      } catch (error) {
        this.failedAttempt(error);
      }
    }
  }

  /** @returns false if the engine is closed */
  private async pause(): Promise<boolean> {
    const ms = this.tries === 0 ? 0 : Math.min(RETRY_MIN_MS * 2 ** (this.tries - 1), RETRY_MAX_MS);
    this.tries = Math.min(this.tries + 1, 10);
    await delay(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
    return !this.closing.signal.aborted;
  }

  private failedAttempt(error: unknown): void {
    if (isDamage(error) || (error instanceof EngineFileError && error.isDamaged)) {
      this.reportDamage(error);
      return;
    }
    const trouble = isDiskTrouble(error instanceof Error ? (error.cause ?? error) : error);
    this.setCondition({ status: trouble ? 'recovering' : 'failed', reason: messageOf(error) });
  }

  private setCondition(condition: EngineCondition): void {
    // A damaged file stays damaged, whatever fails because of it.
    if (this.damageReported) return;
    const isNew = condition.status !== this.state.status;
    this.state = condition;
    if (isNew) this.parts.onCondition?.(condition);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
