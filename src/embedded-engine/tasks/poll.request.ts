import type { FetchInput, LockedExternalTask } from './fetch-and-lock.types.js';

/** A fetch that has not been answered yet. */
export interface Poll {
  readonly input: FetchInput;
  readonly answer: Promise<readonly LockedExternalTask[]>;
  readonly resolve: (tasks: readonly LockedExternalTask[]) => void;
  readonly reject: (error: Error) => void;
  /** The timeout of a waiting poll. */
  timer: NodeJS.Timeout | undefined;
  /** The tasks that were locked for it and are not durable yet. */
  locked: readonly LockedExternalTask[];
}

/** Creates a poll. */
export function createPoll(input: FetchInput): Poll {
  let resolve: Poll['resolve'] = () => undefined;
  let reject: Poll['reject'] = () => undefined;
  const answer = new Promise<readonly LockedExternalTask[]>((...settle) => {
    [resolve, reject] = settle;
  });
  return { input, answer, resolve, reject, timer: undefined, locked: [] };
}

/** Responds with the locked tasks, which are durable now. A cancelled poll was answered already and has no tasks. */
export function resolvePoll(poll: Poll): void {
  poll.resolve(poll.locked);
  poll.locked = [];
}

/** Rejects the poll because the store rejected its locks. */
export function rejectPoll(poll: Poll, error: Error): void {
  poll.locked = [];
  poll.reject(error);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
