import type { HttpCalls } from '../common/http/index.js';
import type { TaskLogger } from './task.logger.js';

/** What a handler knows of the task that it runs. */
export interface HandlerTask {
  /** Business key, else the variable `correlationId`, else the process instance id. */
  readonly correlationId: string;
  readonly businessKey: string | null;
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  readonly taskId: string;
  readonly topic: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Attempts that follow if this one fails; 0: then an incident. */
  readonly retriesLeft: number;
  /** All fetched variables as plain values, before the input schema. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly traceabilityId: string | null;
  readonly batchId: string | null;
  readonly applicationId: string | null;
  /** The `identifiers` variable with what steps added. */
  readonly identifiers: Readonly<Record<string, unknown>>;
  /** Adds to the `identifiers` of the process and of the trail. */
  addIdentifiers(identifiers: Readonly<Record<string, unknown>>): void;
  /** Its lines carry correlation id, task id and topic. */
  readonly logger: TaskLogger;
  /**
   * Calls to the outside, on behalf of this task: they carry its correlation id, end with its `signal`, and are noted in
   * the step's row of the trail.
   */
  readonly http: HttpCalls;
  /**
   * Aborts when the lock is lost, the handler is over its time, an unhandled error has failed the attempt, or the service
   * can wait no longer; calls through `http` follow it by themselves.
   */
  readonly signal: AbortSignal;
}

/**
 * The class behind a `@Topic`: returns the output variables, or throws what it means: `BusinessRuleError`,
 * `RetryableTaskError` (as anything unknown), `FatalTaskError`.
 *
 * A task may be delivered more than once: what `handle` does to the outside must bear repetition.
 */
export interface TopicHandler<I = unknown, O extends object | undefined = Record<string, unknown>> {
  handle(input: I, task: HandlerTask): Promise<O> | O;
}
