import type { Logger } from '@nestjs/common';
import type { AbortSignalLike, HttpCall, HttpCaller, HttpCalls, HttpService } from '../common/http/index.js';
import { isCorrelationId, isRequestId } from '../common/identifiers/index.js';
import { fromTypedVariables } from '../camunda-engine/index.js';
import { stepNameOf } from '../common/process-definition/index.js';
import type { FetchedTask, TaskCalls } from './fetched-task.js';
import { TaskAbortedError } from './task.errors.js';
import { TaskLogger } from './task.logger.js';
import type { HandlerTask } from './topic-handler.js';

/** Members of an output that the trail carries as identifiers (docs/design/data-model.md). */
const IDENTIFYING_OUTPUTS = ['customerId', 'userId', 'orderId', 'accountId'] as const;

/** One attempt of a task in this process: what the handler sees of it, and what the runtime needs besides. */
export class RunningTask implements HandlerTask, HttpCaller {
  readonly correlationId: string;
  /** The correlation id where it has the grammar of one, else the instance id: what rows and lines go under. */
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
  /** What the handler has called outside. */
  readonly httpCalls: HttpCall[] = [];
  private calling: HttpCalls | null = null;
  /** Ends its calls; handlers have {@link signal}. */
  readonly abortSignal = new TaskAbortSignal();
  /** Made when somebody asks for it: most handlers never do, and it is dear (decision 0017). */
  private controller: AbortController | null = null;
  private reason: TaskAbortedError | null = null;
  private merged: Readonly<Record<string, unknown>>;
  private identifiersAdded = false;
  private failedBy: Error | null = null;
  private onFailure: ((error: Error) => void) | null = null;
  private isReported = false;

  /**
   * @param calls of the worker that holds the lock; replaced when a later delivery of the same task has it
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
    // The engine counts from null over taskRetries down to 0; an operator may set any number.
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

  /** All identifiers where this step has added any, to be written back; null where it has not. */
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
    const news = Object.entries(identifiers).filter(
      ([name, value]) => value !== undefined && this.merged[name] !== value,
    );
    if (news.length === 0) return;
    this.identifiersAdded = true;
    this.merged = { ...this.merged, ...Object.fromEntries(news) };
  }

  /** Carries the identifying members of an output over. */
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
   * Fails the attempt for something that its handler neither returned nor threw, and aborts its signal.
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

  /** The error of the first call of {@link fail}; null if there was none. */
  get failure(): Error | null {
    return this.failedBy;
  }

  /** Settles as the work does, or rejects as soon as the attempt is failed from outside. */
  orFailed<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      work.then(resolve, reject);
    });
  }

  /** True once its handler was called; a task that waits for its turn has not begun. */
  get hasBegun(): boolean {
    return this.onFailure !== null;
  }

  /** Fixes the outcome: it is reported to the engine next, and {@link fail} has no effect any more. */
  settle(): void {
    this.isReported = true;
  }

  /** Why the task was aborted; null where it was not. */
  get abortedBy(): TaskAbortedError['reason'] | null {
    return this.reason?.reason ?? null;
  }
}

/** Tells its listeners once that the task is aborted. */
class TaskAbortSignal implements AbortSignalLike {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
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
