/** What went wrong, independent of HTTP; `rest/` maps it to a status by one table. */
export type EngineErrorKind =
  /** The caller named something that is not there. */
  | 'NotFound'
  /** The request cannot be honoured as it stands (Camunda's BadUserRequestException family). */
  | 'BadUserRequest'
  /** A required argument is missing. */
  | 'NullValue'
  /** Another command changed the same thing first; repeat. */
  | 'OptimisticLocking'
  /** Anything else that stopped a command: expressions, conditions, endless loops. */
  | 'ProcessEngine'
  /** The long-poll registry takes no more requests. */
  | 'TooManyRequests'
  /** The engine closes. */
  | 'Shutdown'
  /** The store takes no writes; whether what the engine was asked is kept shows when it has read its state back. */
  | 'Stopped';

/** An error that a command of the engine ends with; the command has changed nothing. */
export class EngineError extends Error {
  /**
   * @param kind what it is, for the table of statuses
   * @param camundaClass simple name of the Java class that Camunda 7 throws in this place
   * @param engineCode `code` of Camunda's error body: 0 without a special one, 1 optimistic locking, null where no
   * engine exception stands behind the error
   */
  constructor(
    readonly kind: EngineErrorKind,
    readonly camundaClass: string,
    message: string,
    readonly engineCode: number | null = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = camundaClass;
  }
}

/** Nothing has that id. */
export class NotFoundError extends EngineError {
  constructor(message: string) {
    super('NotFound', 'NotFoundException', message);
  }
}

/** The request cannot be honoured as it stands. */
export class BadUserRequestError extends EngineError {
  constructor(message: string, camundaClass = 'BadUserRequestException') {
    super('BadUserRequest', camundaClass, message);
  }
}

/** A required argument is missing. */
export class NullValueError extends EngineError {
  constructor(message: string) {
    super('NullValue', 'NullValueException', message);
  }
}

/** Any other reason for which a command did not succeed. */
export class ProcessEngineError extends EngineError {
  constructor(message: string, options?: ErrorOptions) {
    super('ProcessEngine', 'ProcessEngineException', message, 0, options);
  }
}

/** The long-poll registry is full. */
export class TooManyPollsError extends EngineError {
  constructor() {
    super(
      'TooManyRequests',
      'InvalidRequestException',
      'At the moment the server has to handle too many requests at the same time. Please try again later.',
      null,
    );
  }
}

/** The engine closes and serves no more polls. */
export class EngineClosedError extends EngineError {
  constructor() {
    super('Shutdown', 'RestException', 'Request rejected due to shutdown of application server.', null);
  }
}

/** The store has refused a commit: the engine's memory is ahead of what is kept, so it answers nothing from it any more. */
export class EngineStoppedError extends EngineError {
  constructor(cause: unknown) {
    super(
      'Stopped',
      'ProcessEngineException',
      `The engine's store takes no writes: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'What was answered with success is kept; whether this request is, is not known. Repeat it when the engine is back.',
      0,
      { cause },
    );
  }
}
