import type { Logger } from '@nestjs/common';
import type { HttpCall, HttpCaller, HttpCalls, HttpService } from '../../common/http/index.js';
import { isCorrelationId, isRequestId } from '../../common/identifiers/index.js';
import { fromTypedVariables } from '../../camunda-engine/index.js';
import { stepNameOf } from '../../common/process-definition/index.js';
import type { FetchedTask, TaskCalls } from './fetched-task.js';
import { TaskAbortSignal } from './task-abort-signal.js';
import { TaskAbortedError } from './task.errors.js';
import { TaskLogger } from './task.logger.js';
import type { HandlerTask } from './topic-handler.js';

/** Members of an output that become identifiers in the trail (docs/design/data-model.md). */
const IDENTIFYING_OUTPUTS = ['customerId', 'userId', 'orderId', 'accountId'] as const;

/** One attempt of a task in this process: what the handler sees of it, and what the runtime also needs. */
export class RunningTask implements HandlerTask, HttpCaller {
  readonly correlationId: string;
  /** Id of this task's trail rows and log lines: the correlation id if it is well-formed, else the instance id. */
  readonly loggedId: string;
  readonly businessKey: string | null;
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  readonly taskId: string;
  readonly topic: string;
  readonly attempt: number;
  readonly retriesLeft: number;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly traceabilityId: string | null;
  readonly batchId: string | null;
  readonly applicationId: string | null;
  readonly logger: TaskLogger;
  /** The outside calls of the handler so far. */
  readonly httpCalls: HttpCall[] = [];
  private calling: HttpCalls | null = null;
  /** Aborts the outside calls; handlers use {@link signal}. */
  readonly abortSignal = new TaskAbortSignal();
  /** Created on first use: expensive, and most handlers never need it (decision 0017). */
  private controller: AbortController | null = null;
  private reason: TaskAbortedError | null = null;
  private merged: Readonly<Record<string, unknown>>;
  private identifiersAdded = false;
  private failedBy: Error | null = null;
  private onFailure: ((error: Error) => void) | null = null;
  private isReported = false;

  /**
   * @param calls engine calls of the worker that holds the lock; replaced if the task is delivered again meanwhile
   * @param taskRetries retries after the first attempt (`CAMUNDA_TASK_RETRIES`)
   */
  constructor(
    readonly fetched: FetchedTask,
    public calls: TaskCalls,
    taskRetries: number,
    logger: Logger,
    private readonly httpService: HttpService,
  ) {
    this.variables = fromTypedVariables(fetched.variables);
    this.businessKey = fetched.businessKey;
    this.processInstanceId = fetched.processInstanceId;
    this.processDefinitionKey = fetched.processDefinitionKey;
    this.taskId = fetched.id;
    this.topic = fetched.topicName;
    // In the engine, retries are null at first, then count from taskRetries down to 0; an operator may set any number.
    this.attempt = fetched.retries === null ? 1 : Math.max(1, taskRetries - fetched.retries + 2);
    this.retriesLeft = fetched.retries === null ? taskRetries : Math.max(0, fetched.retries - 1);
    this.correlationId =
      nonEmpty(fetched.businessKey) ?? nonEmpty(this.variables.correlationId) ?? fetched.processInstanceId;
    this.loggedId = isCorrelationId(this.correlationId) ? this.correlationId : fetched.processInstanceId;
    this.traceabilityId = nonEmpty(this.variables.traceability_id);
    this.batchId = nonEmpty(this.variables.batch_id);
    this.applicationId = nonEmpty(this.variables.application_id);
    this.merged = asRecord(this.variables.identifiers) ?? {};
    this.logger = new TaskLogger(logger, {
      correlationId: this.loggedId,
      taskId: this.taskId,
      topic: this.topic,
    });
  }

  get identifiers(): Readonly<Record<string, unknown>> {
    return this.merged;
  }

  /** All identifiers, if this step has added any that must be written back; else null. */
  get addedIdentifiers(): Readonly<Record<string, unknown>> | null {
    return this.identifiersAdded ? this.merged : null;
  }

  get http(): HttpCalls {
    this.calling ??= this.httpService.callsOf(this);
    return this.calling;
  }

  get step(): string {
    return stepNameOf(this.topic);
  }

  get headers(): Readonly<Record<string, string>> {
    const { loggedId, traceabilityId } = this;
    return {
      'x-correlation-id': loggedId,
      ...(traceabilityId !== null && isRequestId(traceabilityId) ? { 'x-request-id': traceabilityId } : {}),
    };
  }

  record(call: HttpCall): void {
    this.httpCalls.push(call);
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.reason !== null) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  addIdentifiers(identifiers: Readonly<Record<string, unknown>>): void {
    const added = Object.entries(identifiers).filter(
      ([name, value]) => value !== undefined && this.merged[name] !== value,
    );
    if (added.length === 0) return;
    this.identifiersAdded = true;
    this.merged = { ...this.merged, ...Object.fromEntries(added) };
  }

  /** Adds the identifying members of an output. */
  addIdentifiersOf(output: Readonly<Record<string, unknown>>): void {
    this.addIdentifiers(
      Object.fromEntries(
        IDENTIFYING_OUTPUTS.filter((name) => isIdentifier(output[name])).map((name) => [name, output[name]]),
      ),
    );
  }

  abort(reason: TaskAbortedError['reason'], cause?: unknown): void {
    if (this.reason !== null) return;
    this.reason = new TaskAbortedError(reason, { cause });
    this.controller?.abort(this.reason);
    this.abortSignal.abort();
  }

  /**
   * Fails the attempt for a reason outside its handler (timeout, unhandled error), and aborts its signal.
   *
   * @returns false if the outcome is already being reported to the engine
   */
  fail(error: Error, reason: 'time-limit' | 'unhandled-error'): boolean {
    if (this.isReported) return false;
    this.failedBy ??= error;
    this.abort(reason, error);
    this.onFailure?.(this.failedBy);
    return true;
  }

  /** The error of the first call of {@link fail}; null if there was no call. */
  get failure(): Error | null {
    return this.failedBy;
  }

  /** Settles like the work, or rejects as soon as {@link fail} is called. */
  orFailed<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      work.then(resolve, reject);
    });
  }

  /** True once the handler was called; false while the task waits for its turn. */
  get hasBegun(): boolean {
    return this.onFailure !== null;
  }

  /** Fixes the outcome, which is reported next: from now on {@link fail} has no effect. */
  settle(): void {
    this.isReported = true;
  }

  /** Why the task was aborted; null if it was not. */
  get abortedBy(): TaskAbortedError['reason'] | null {
    return this.reason?.reason ?? null;
  }
}

function nonEmpty(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isIdentifier(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
