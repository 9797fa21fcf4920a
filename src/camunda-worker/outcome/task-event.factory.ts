import { ZodError } from 'zod';
import { EngineResponseError } from '../../camunda-engine/index.js';
import type { HttpCall } from '../../common/http/index.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import type { RunningTask } from '../task/running-task.js';
import type { TaskEvent } from './task-event.log.js';
import { asError, statusOf, type TaskOutcome } from './task-outcome.mapper.js';

/** What one attempt did, and how it ended. */
export type Attempt = {
  readonly input: unknown;
  readonly calls: readonly HttpCall[];
  /** Milliseconds that the handler took. */
  readonly durationMs: number;
} & (
  | { readonly succeeded: true; readonly output: Readonly<Record<string, unknown>> }
  | { readonly succeeded: false; readonly error: unknown }
);

/**
 * Creates the trail row of an attempt (docs/design/process-lifecycle.md).
 *
 * @param outcome what is reported for the attempt; the row of a failure says how many attempts may follow, and when
 */
export function createAttemptEvent(
  task: RunningTask,
  topic: RegisteredTopic,
  attempt: Attempt,
  outcome: TaskOutcome,
): TaskEvent {
  const { input, calls, durationMs } = attempt;
  const error = attempt.succeeded ? null : asError(attempt.error);
  // Of several calls the last failed one explains most; without one, the last.
  const call = calls.findLast(({ ok }) => !ok) ?? calls.at(-1);
  const metadata = createMetadata(task);
  const message = error === null ? null : error.message;
  if (error !== null) {
    metadata.message = message;
    metadata.error = describeError(error);
  }
  if (outcome.kind === 'failure') {
    metadata.retriesLeft = outcome.retries;
    if (outcome.retries > 0) metadata.retryInMs = outcome.retryTimeout;
  }
  if (calls.length > 0) metadata.calls = calls;
  return createEvent(task, topic, {
    status: error === null ? 'ok' : 'error',
    httpMethod: call?.method ?? null,
    endpoint: call?.endpoint ?? null,
    httpStatusCode: call === undefined ? (error === null ? 200 : statusOf(error)) : call.status,
    requestData: input,
    responseData: attempt.succeeded ? attempt.output : null,
    errorMessage: message,
    result: attempt.succeeded
      ? successSentence(topic, attempt.output)
      : failureSentence(topic, asError(error)),
    metadata,
    executionTime: durationMs,
  });
}

/** Creates the trail row for an outcome that the engine did not accept; the attempt has a row of its own. */
export function createCallFailedEvent(
  task: RunningTask,
  topic: RegisteredTopic,
  call: {
    readonly outcome: TaskOutcome;
    readonly error: Error;
    /** Replaces the error's own message in the row. */
    readonly message?: string;
    /** Milliseconds. */
    readonly durationMs: number;
  },
): TaskEvent {
  const { outcome, error, message = error.message, durationMs } = call;
  const { status } = error as { status?: unknown };
  const event = createEvent(task, topic, {
    status: 'error',
    httpMethod: 'POST',
    endpoint: `/external-task/${task.taskId}/${outcome.kind}`,
    httpStatusCode: typeof status === 'number' ? status : null,
    requestData: null,
    responseData: null,
    errorMessage: message,
    result: resultOfCall(topic, outcome, error),
    metadata: {
      ...createMetadata(task),
      message,
      engineCall: outcome.kind,
      error: describeError(error),
      ...(error instanceof EngineResponseError ? { engineMessage: error.engineMessage } : {}),
    },
    executionTime: durationMs,
  });
  return { ...event, targetSystem: 'CamundaEngine' };
}

const CALLS = {
  complete: 'completion',
  bpmnError: 'BPMN error',
  failure: 'failure',
  unlock: 'return',
} as const;

function resultOfCall({ stepName }: RegisteredTopic, { kind }: TaskOutcome, error: Error): string {
  const verb = error instanceof EngineResponseError ? 'refused' : 'did not accept';
  return `The process engine ${verb} the ${CALLS[kind]} of ${stepName}.`;
}

/** The columns that differ between the rows of a task. */
type EventFacts = Pick<
  TaskEvent,
  | 'status'
  | 'httpMethod'
  | 'endpoint'
  | 'httpStatusCode'
  | 'requestData'
  | 'responseData'
  | 'errorMessage'
  | 'result'
  | 'metadata'
  | 'executionTime'
>;

/** Assigned member by member for speed: every step creates a row, and V8 gives a spread object a new shape each time. */
function createEvent(
  task: RunningTask,
  { stepName, step, declaration }: RegisteredTopic,
  facts: EventFacts,
): TaskEvent {
  return {
    correlationId: task.loggedId,
    stepName,
    status: facts.status,
    step,
    httpMethod: facts.httpMethod,
    endpoint: facts.endpoint,
    httpStatusCode: facts.httpStatusCode,
    requestData: facts.requestData,
    responseData: facts.responseData,
    errorMessage: facts.errorMessage,
    batchId: task.batchId,
    traceabilityId: task.traceabilityId,
    applicationId: task.applicationId,
    targetSystem: declaration.targetSystem,
    originatingSystem: declaration.originatingSystem,
    processName: task.processDefinitionKey,
    identifiers: task.identifiers,
    result: facts.result,
    metadata: facts.metadata,
    executionTime: facts.executionTime,
  };
}

function createMetadata(task: RunningTask): Record<string, unknown> {
  const metadata: Record<string, unknown> = {
    attempt: task.attempt,
    retriesLeft: task.retriesLeft,
    workerId: task.calls.workerId,
    taskId: task.taskId,
    activityId: task.fetched.activityId,
    traceId: task.traceabilityId,
  };
  if (task.loggedId !== task.correlationId) metadata.correlationId = task.correlationId;
  return metadata;
}

function describeError(error: Error): Record<string, unknown> {
  const { code, details, issues, status } = error as {
    code?: unknown;
    details?: unknown;
    issues?: unknown;
    status?: unknown;
  };
  const { cause } = error;
  const facts = {
    name: error.name,
    code,
    status,
    details,
    // A ZodError's message is its issues as JSON.
    ...(cause instanceof ZodError
      ? { issues: issues ?? cause.issues }
      : { issues, cause: cause instanceof Error ? cause.message : undefined }),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function successSentence({ declaration, stepName }: RegisteredTopic, output: unknown): string {
  const { successSentence: sentence } = declaration;
  return sentenceFrom(sentence, output) ?? `Step ${stepName} succeeded.`;
}

function failureSentence({ declaration, stepName }: RegisteredTopic, error: Error): string {
  return sentenceFrom(declaration.failureSentence, error) ?? `Step ${stepName} failed: ${error.message}`;
}

/** Null if the handler's function throws: a failed sentence must not change the outcome of the step. */
function sentenceFrom<T>(sentence: string | ((about: T) => string) | undefined, about: T): string | null {
  try {
    return typeof sentence === 'function' ? sentence(about) : (sentence ?? null);
  } catch {
    return null;
  }
}
