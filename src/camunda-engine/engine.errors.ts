/** Identifies an engine call. */
export interface EngineCallFacts {
  readonly method: string;
  readonly path: string;
}

/** A failed call to the engine; its subclasses say what is known about it. */
export abstract class EngineCallError extends Error {
  readonly method: string;
  readonly path: string;

  /** @param reason what went wrong, without method and path; may be shown to clients */
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

/** The engine itself refused the call, with its JSON error `{type, message, code}`. */
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
    /** For a `ParseException`: the problems by resource. */
    readonly details: unknown = null,
  ) {
    super(call, `the engine answered ${status} ${type}: ${engineMessage}`);
  }

  /**
   * True if the definition, the instance or the task is suspended: repeat the call after it is active again. The engine
   * answers 500 to a start, and 400 to a report of a task.
   */
  get suspended(): boolean {
    return /\bENGINE-03043\b.* is suspended/s.test(this.engineMessage);
  }

  /** True if the transaction was rolled back for a concurrent one: the call may be repeated. */
  get optimisticLocking(): boolean {
    return this.code === 1 || this.type === 'OptimisticLockingException';
  }
}

/** The engine could not be reached: nothing was sent. */
export class EngineUnreachableError extends EngineCallError {
  override readonly name = 'EngineUnreachableError';
}

/** The call was due later than it may be sent: nothing was sent. */
export class EngineTooLateError extends EngineCallError {
  override readonly name = 'EngineTooLateError';
}

/** It is unknown whether the engine executed the call: timeout, reset, abort, 408, 429, 502, 503, 504. */
export class EngineAmbiguousError extends EngineCallError {
  override readonly name = 'EngineAmbiguousError';

  constructor(
    call: EngineCallFacts,
    message: string,
    /** Null if no answer arrived. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(call, message, options);
  }
}

/** Our configuration, or a proxy in front of the engine, is wrong: 401, 403, or an answer that is not the engine's. */
export class EngineMisconfiguredError extends EngineCallError {
  override readonly name = 'EngineMisconfiguredError';

  constructor(
    call: EngineCallFacts,
    message: string,
    /** Null if no answer arrived. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(call, message, options);
  }
}

/** True for temporary connection failures: unreachable or ambiguous. */
export function isConnectionTrouble(error: unknown): error is EngineUnreachableError | EngineAmbiguousError {
  return error instanceof EngineUnreachableError || error instanceof EngineAmbiguousError;
}
