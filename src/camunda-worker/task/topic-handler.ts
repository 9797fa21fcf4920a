import type { HttpCalls } from '../../common/http/index.js';
import type { TaskLogger } from './task.logger.js';

/** The task that a handler works on. */
export interface HandlerTask {
  /** Business key, else the variable `correlationId`, else the process instance id. */
  readonly correlationId: string;
  readonly businessKey: string | null;
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  readonly taskId: string;
  readonly topic: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Attempts that follow if this one fails; 0: a failure creates an incident. */
  readonly retriesLeft: number;
  /** All fetched variables as plain values, before the input schema is applied. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly traceabilityId: string | null;
  readonly batchId: string | null;
  readonly applicationId: string | null;
  /** The variable `identifiers`, with what this step has added. */
  readonly identifiers: Readonly<Record<string, unknown>>;
  /** Adds to the `identifiers` of the process and of the trail. */
  addIdentifiers(identifiers: Readonly<Record<string, unknown>>): void;
  /** Adds correlation id, task id and topic to each line. */
  readonly logger: TaskLogger;
  /**
   * Outside HTTP calls on behalf of this task: they carry its correlation id, abort with its `signal`, and are recorded
   * in the step's row of the trail.
   */
  readonly http: HttpCalls;
  /**
   * Aborts when the lock is lost, the handler exceeds its time limit, an unhandled error has failed the attempt, or the
   * service stops and can wait no longer; calls through `http` abort with it.
   */
  readonly signal: AbortSignal;
}

/**
 * Implemented by a class with `@Topic`: returns the output variables, or throws `BusinessRuleError`,
 * `RetryableTaskError` (any other error counts as one) or `FatalTaskError`.
 *
 * A task may be delivered more than once: the side effects of `handle` must be idempotent.
 */
export interface TopicHandler<I = unknown, O extends object | undefined = Record<string, unknown>> {
  handle(input: I, task: HandlerTask): Promise<O> | O;
}
