import { AsyncLocalStorage } from 'node:async_hooks';

/** One call to the outside, as it is reported; without bodies and header values. */
export interface HttpCall {
  readonly method: string;
  /** URL without credentials and with masked query values. */
  readonly endpoint: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly ok: boolean;
}

/** Who wants to know of the calls that a piece of work makes, and what these calls carry. */
export interface CallRecorder {
  /** Sent with each call, for example `x-correlation-id`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborts the calls of work that is given up. */
  readonly signal?: AbortSignal;
  record(call: HttpCall): void;
}

const storage = new AsyncLocalStorage<CallRecorder>();

/** Runs work whose outgoing calls, its own and those of everything it awaits, are told to the recorder. */
export function runWithCallRecorder<T>(recorder: CallRecorder, work: () => T): T {
  return storage.run(recorder, work);
}

/** The recorder of the work that is running, if it has one. */
export function currentCallRecorder(): CallRecorder | undefined {
  return storage.getStore();
}
