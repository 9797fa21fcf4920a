/** Kinds of errors, independent of HTTP; one table in `rest/` maps them to a status. */
export type EngineErrorKind =
  /** The caller named something that does not exist. */
  | 'NotFound'
  /** The request is invalid in the current state (Camunda's BadUserRequestException family). */
  | 'BadUserRequest'
  /** A required argument is missing. */
  | 'NullValue'
  /** Another command changed the same thing first; the caller may retry. */
  | 'OptimisticLocking'
  /** Any other failure of a command: expressions, conditions, endless loops. */
  | 'ProcessEngine'
  /** The limit of waiting long polls is reached. */
  | 'TooManyRequests'
  /** The engine is closing. */
  | 'Shutdown'
  /** The store rejects writes. Whether the request was committed is known when the engine has read its state back. */
  | 'Stopped';

/** An error of an engine command; the command has changed nothing. */
export class EngineError extends Error {
  /**
   * @param kind selects the HTTP status
   * @param camundaClass simple name of the Java class that Camunda 7 throws in this case
   * @param engineCode `code` of Camunda's error body: 0 by default, 1 for optimistic locking, null if the error is not
   * an engine exception
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

/** No object has that id. */
export class NotFoundError extends EngineError {
  constructor(message: string) {
    super('NotFound', 'NotFoundException', message);
  }
}

/** The request is invalid in the current state. */
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

/** Any other failure of a command. */
export class ProcessEngineError extends EngineError {
  constructor(message: string, options?: ErrorOptions) {
    super('ProcessEngine', 'ProcessEngineException', message, 0, options);
  }
}

/** The limit of waiting long polls is reached. */
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

/** The engine is closing and serves no more polls. */
export class EngineClosedError extends EngineError {
  constructor() {
    super('Shutdown', 'RestException', 'Request rejected due to shutdown of application server.', null);
  }
}

/** The store has rejected a commit. Memory is ahead of the store, so the engine returns nothing from it any more. */
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
