import type { FetchInput, LockedExternalTask } from './fetch-and-lock.types.js';

/** A request that has not been answered yet. */
export interface Poll {
  readonly input: FetchInput;
  readonly answer: Promise<readonly LockedExternalTask[]>;
  readonly resolve: (tasks: readonly LockedExternalTask[]) => void;
  readonly reject: (error: Error) => void;
  /** Ends the wait of a parked one. */
  timer: NodeJS.Timeout | undefined;
  /** What was locked for it and is not durable yet. */
  locked: readonly LockedExternalTask[];
}

/** One that waits for nothing yet. */
export function createPoll(input: FetchInput): Poll {
  let resolve: Poll['resolve'] = () => undefined;
  let reject: Poll['reject'] = () => undefined;
  const answer = new Promise<readonly LockedExternalTask[]>((...settle) => {
    [resolve, reject] = settle;
  });
  return { input, answer, resolve, reject, timer: undefined, locked: [] };
}

/** The locks are durable. One that has been given up has no tasks any more, and its answer already. */
export function resolvePoll(poll: Poll): void {
  poll.resolve(poll.locked);
  poll.locked = [];
}

/** The store has refused the locks. */
export function rejectPoll(poll: Poll, error: Error): void {
  poll.locked = [];
  poll.reject(error);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
