/**
 * Every fault that this service reports as a problem document (RFC 9457): code, HTTP status and title.
 *
 * The `type` of a problem is `urn:fastify-camunda:problem:<code>`. `docs/reference/error-handling.md` lists the
 * same table; a test keeps the two equal.
 */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'malformed-json': { status: 400, title: 'The body is not well-formed JSON' },
  'too-many-members': { status: 400, title: 'The body has too many members or items' },
  'invalid-variables': { status: 400, title: 'The variables are not accepted' },
  unauthenticated: { status: 401, title: 'The request has no valid credentials' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'foreign-origin': { status: 403, title: 'The request comes from another website' },
  'unknown-path': { status: 404, title: 'There is nothing at this path' },
  'unknown-process': { status: 404, title: 'No process has this correlation id' },
  'unknown-process-definition': { status: 404, title: 'The engine knows no such process key' },
  'unknown-task': { status: 404, title: 'No open task has this id' },
  'no-receiver': { status: 404, title: 'Nobody waits for the message' },
  'method-not-allowed': { status: 405, title: 'The path does not allow this method' },
  'not-acceptable': { status: 406, title: 'The answer cannot be given in an accepted media type' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'correlation-id-conflict': { status: 409, title: 'The correlation id belongs to another start' },
  'outcome-conflict': { status: 409, title: 'The process already has another outcome' },
  'process-ended': { status: 409, title: 'The process has already ended' },
  'task-claimed': { status: 409, title: 'The task belongs to someone else' },
  'task-ended': { status: 409, title: 'The task has already ended' },
  'task-refused': { status: 409, title: 'The process cannot leave the task' },
  'ambiguous-receiver': { status: 409, title: 'Several wait for the message' },
  'message-id-conflict': { status: 409, title: 'The message id belongs to another message' },
  'message-in-progress': { status: 409, title: 'The same message is being sent' },
  'message-refused': { status: 409, title: 'The process cannot take the message' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The path is too long' },
  'unsupported-media-type': { status: 415, title: 'The body is not JSON' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'internal-error': { status: 500, title: 'The service failed' },
  'engine-unavailable': { status: 503, title: 'The process engine cannot be used' },
  'store-unavailable': { status: 503, title: 'The store cannot be used' },
  'keys-unavailable': { status: 503, title: 'Tokens cannot be verified' },
  'start-backlog-full': { status: 503, title: 'Too many starts wait for the engine' },
  'too-many-bodies': { status: 503, title: 'Too many large bodies are being processed' },
  'too-many-streams': { status: 503, title: 'Too many streams of events are open' },
  'too-many-answers': { status: 503, title: 'Too many answers wait to be read' },
  'service-stopping': { status: 503, title: 'The service is stopping' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One refused member of a request. */
export interface ProblemFieldError {
  /** JSON Pointer (RFC 6901) into the body, or `/name` for a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

/** Further content of a problem. */
export interface ProblemFacts {
  readonly errors?: readonly ProblemFieldError[];
  /** Further members of the document, for example `correlationId`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A fault of the request or of the service, sent to the client as a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;

  /** @param detail what happened, what was stored and what to do; no internals */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly facts: ProblemFacts = {},
  ) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = PROBLEMS[code].status;
  }
}

/** A problem document as it is sent. */
export interface ProblemDocument extends Record<string, unknown> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** @param instance path of the request, without its query */
export function toProblemDocument(problem: ProblemError, instance: string): ProblemDocument {
  return {
    type: `urn:fastify-camunda:problem:${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    detail: problem.detail,
    instance,
    ...(problem.facts.errors === undefined ? {} : listed(problem.facts.errors)),
    ...problem.facts.members,
  };
}

/** Most errors in a document, and most characters of each; otherwise an answer could be many times larger than its request. */
const MAX_ERRORS = 20;
const MAX_POINTER_LENGTH = 255;
const MAX_DETAIL_LENGTH = 1_000;

/** The first errors, and how many there are. */
function listed(errors: readonly ProblemFieldError[]): Record<string, unknown> {
  return {
    errorCount: errors.length,
    errors: errors.slice(0, MAX_ERRORS).map(({ pointer, detail }) => ({
      pointer: cut(pointer, MAX_POINTER_LENGTH),
      detail: cut(detail, MAX_DETAIL_LENGTH),
    })),
  };
}

/** Truncates a longer text with an ellipsis. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
