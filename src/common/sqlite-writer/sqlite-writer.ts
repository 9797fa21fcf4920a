import { Worker } from 'node:worker_threads';
import {
  NotDurableError,
  SqliteThreadEndedError,
  SqliteWriterClosedError,
  SqliteWriterError,
} from './sqlite-writer.errors.js';
import { StatementNumbers } from './statement.numbers.js';
import type { GuardedStatement, SqliteWriterOptions, WriterResult } from './sqlite-writer.types.js';

const BEGIN = 1;
const COMMIT = 2;
const FORGET = 4;
const ROLLBACK = 8;
const CLOSE = 16;

/** What SQLite calls synchronous=FULL. */
const FULL = 2;

const THREAD = new URL('./sqlite-writer.thread.mjs', import.meta.url);

type Answer =
  | readonly [error: null, results: readonly unknown[]]
  | readonly [error: { readonly message: string; readonly code?: string }, results: null];

interface Request {
  readonly statements: readonly GuardedStatement[];
  readonly resolve: (results: readonly WriterResult[]) => void;
  readonly reject: (error: Error) => void;
}

/** A transaction that takes several messages. */
export interface OpenTransaction {
  /** Runs statements in order. @throws SqliteWriterError; the transaction is rolled back then */
  run(statements: readonly GuardedStatement[]): Promise<readonly WriterResult[]>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Writes one SQLite file in a worker thread, so that neither statements nor the flush of a commit block the event loop.
 *
 * Requests run in the order of the calls. A promise settles after the thread has answered, so a commit is durable by
 * then. A thread that dies is replaced at the next request.
 */
export class SqliteWriter {
  private worker: Worker | null = null;
  private numbers = new StatementNumbers();
  /** In the order of their answers; the first answer of a thread says how it opened the file. */
  private waiting: Request[] = [];
  private closed = false;

  private constructor(private readonly options: SqliteWriterOptions) {}

  /** Starts the thread; `ready` settles when the file is open and its commits are known to be durable. */
  static start(options: SqliteWriterOptions): {
    readonly writer: SqliteWriter;
    readonly ready: Promise<void>;
  } {
    const writer = new SqliteWriter(options);
    const { ready } = writer.startThread();
    // A caller that does not wait for it gets the failure with its first write.
    ready.catch(() => undefined);
    return { writer, ready };
  }

  /** Runs statements in one transaction, with one message. @throws SqliteWriterError; nothing is written then */
  write(statements: readonly GuardedStatement[]): Promise<readonly WriterResult[]> {
    return this.send(BEGIN | COMMIT, statements);
  }

  /** Begins a transaction that continues after its first results. One at a time, and no {@link write} meanwhile. */
  begin(): OpenTransaction {
    let begun = false;
    return {
      run: (statements) => {
        const flags = begun ? 0 : BEGIN;
        begun = true;
        return this.send(flags, statements);
      },
      commit: async () => {
        if (begun) await this.send(COMMIT, []);
      },
      rollback: async () => {
        if (begun) await this.send(ROLLBACK, []);
      },
    };
  }

  /** Ends the thread after all requests so far, and closes its connection. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const { worker } = this;
    if (worker === null) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage([CLOSE, [], []]);
    await ended;
  }

  private send(flags: number, statements: readonly GuardedStatement[]): Promise<readonly WriterResult[]> {
    if (this.closed) return Promise.reject(new SqliteWriterClosedError(this.options.path));
    const { worker } = this.worker === null ? this.startThread() : { worker: this.worker };
    const { forget, definitions, wire } = this.numbers.encode(statements);
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) worker.ref();
      this.waiting.push({ statements, resolve, reject });
      worker.postMessage([forget ? flags | FORGET : flags, definitions, wire]);
    });
  }

  private startThread(): { readonly worker: Worker; readonly ready: Promise<void> } {
    const { path, busyTimeoutMs, pragmas } = this.options;
    const workerData = { path, busyTimeoutMs, pragmas: ['synchronous = FULL', ...pragmas] };
    // Options of Node such as --cpu-prof or --import are for the main thread only.
    const worker = new Worker(THREAD, { name: 'sqlite', workerData, execArgv: [] });
    this.worker = worker;
    this.numbers = new StatementNumbers();
    const ready = new Promise<void>((resolve, reject) => {
      worker.once('message', (answer: Answer) => {
        const fault = this.openingFault(answer);
        worker.on('message', (next: Answer) => {
          this.settle(next);
        });
        if (this.waiting.length === 0) worker.unref();
        if (fault === null) {
          resolve();
          return;
        }
        reject(fault);
        this.lose(worker, fault);
      });
      const lost = (cause?: unknown): void => {
        const error = new SqliteThreadEndedError(path, cause);
        reject(error);
        this.lose(worker, error);
      };
      worker.once('error', lost);
      worker.once('exit', () => {
        lost();
      });
    });
    return { worker, ready };
  }

  private openingFault([error, settings]: Answer): Error | null {
    if (error !== null) return new SqliteWriterError(error.message, error.code);
    const [journalMode, synchronous] = settings;
    if (journalMode === 'wal' && synchronous === FULL) return null;
    return new NotDurableError(
      `${this.options.path} runs with journal_mode=${String(journalMode)} and synchronous=${String(synchronous)}`,
    );
  }

  private settle([error, results]: Answer): void {
    const request = this.waiting.shift();
    if (this.waiting.length === 0) this.worker?.unref();
    if (request === undefined) return;
    if (error === null) {
      request.resolve(this.numbers.decode(request.statements, results));
      return;
    }
    // The lost results may have carried the column names of a statement.
    this.numbers.forget();
    request.reject(new SqliteWriterError(error.message, error.code));
  }

  /** Rejects all requests that wait for this thread. */
  private lose(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const { waiting } = this;
    this.waiting = [];
    for (const { reject } of waiting) reject(error);
    void worker.terminate();
  }
}
