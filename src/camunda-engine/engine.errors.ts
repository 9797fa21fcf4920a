/** What was asked when an engine call failed. */
export interface EngineCallFacts {
  readonly method: string;
  readonly path: string;
}

/** A call to the engine that did not give what it was made for; its subclasses say what that means. */
export abstract class EngineCallError extends Error {
  readonly method: string;
  readonly path: string;

  /** @param reason what went wrong, without the call: fit for a client */
  constructor(
    call: EngineCallFacts,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${call.method} ${call.path}: ${reason}`, options);
    this.method = call.method;
    this.path = call.path;
  }
}

/** The engine itself refused: its JSON error `{type, message, code}`. */
export class EngineResponseError extends EngineCallError {
  override readonly name = 'EngineResponseError';

  constructor(
    call: EngineCallFacts,
    readonly status: number,
    /** Simple class name of the engine's exception. */
    readonly type: string,
    readonly engineMessage: string,
    /** Code of the engine's exception; 1 is optimistic locking. */
    readonly code: number | null,
    /** Of a `ParseException`: the problems by resource. */
    readonly details: unknown = null,
  ) {
    super(call, `the engine answered ${status} ${type}: ${engineMessage}`);
  }

  /**
   * Refused because the definition, the instance or the task is suspended: the same call may be made once it is active.
   * A start is answered 500, a report of a task 400.
   */
  get suspended(): boolean {
    return /\bENGINE-03043\b.* is suspended/s.test(this.engineMessage);
  }

  /** Rolled back because another transaction was faster: the same call may be repeated. */
  get optimisticLocking(): boolean {
    return this.code === 1 || this.type === 'OptimisticLockingException';
  }
}

/** The engine could not be reached: nothing was sent. */
export class EngineUnreachableError extends EngineCallError {
  override readonly name = 'EngineUnreachableError';
}

/** It is not known whether the engine did what was asked: time-out, reset, abort, 408, 429, 502, 503, 504. */
export class EngineAmbiguousError extends EngineCallError {
  override readonly name = 'EngineAmbiguousError';

  constructor(
    call: EngineCallFacts,
    message: string,
    /** Null where no answer came. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(call, message, options);
  }
}

/** Our configuration or something between us and the engine is wrong: 401, 403, or an answer that is not the engine's. */
export class EngineMisconfiguredError extends EngineCallError {
  override readonly name = 'EngineMisconfiguredError';

  constructor(
    call: EngineCallFacts,
    message: string,
    /** Null where no answer came. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(call, message, options);
  }
}

/** True for failures of the way to the engine, which pass: unreachable or ambiguous. */
export function isConnectionTrouble(error: unknown): error is EngineUnreachableError | EngineAmbiguousError {
  return error instanceof EngineUnreachableError || error instanceof EngineAmbiguousError;
}
