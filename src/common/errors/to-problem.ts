import { HttpException } from '@nestjs/common';
import { ZodError } from 'zod';
import { type ProblemCode, ProblemError, type ProblemFieldError } from './problems.js';

/** Codes of Fastify's own errors (https://fastify.dev/docs/latest/Reference/Errors/) before a route is reached. */
const FASTIFY_PROBLEMS: Readonly<Record<string, { readonly code: ProblemCode; readonly detail: string }>> = {
  FST_ERR_BAD_URL: { code: 'invalid-request', detail: 'The path has a malformed percent-encoding.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'uri-too-long', detail: 'A part of the path is too long.' },
};

const STATUS_PROBLEMS: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid-request',
  403: 'unknown-path',
  404: 'unknown-path',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  408: 'request-timeout',
  413: 'body-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  417: 'expectation-failed',
  429: 'rate-limited',
  431: 'headers-too-large',
};

/** An error after which the request may be repeated; it is answered 503 `store-unavailable`. */
export interface TemporarilyUnavailable {
  readonly temporarilyUnavailable: true;
  /** The process of the request, if the write may still have been committed. */
  readonly unconfirmed?: { readonly correlationId: string };
}

/** By status, because Nest does not pass on the code of Fastify's errors. */
const STATUS_DETAILS: Partial<Readonly<Record<ProblemCode, string>>> = {
  'unsupported-media-type': 'Send the body as Content-Type: application/json, not encoded. Nothing was kept.',
};

/** The issues of a Zod error, with JSON Pointers into the body. */
export function fieldErrors(error: ZodError, prefix = ''): ProblemFieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
    const pointer = [prefix, ...path].join('/');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: `${pointer}/${key}`,
        detail: 'is not a member of this request',
      }));
    }
    return [{ pointer, detail: issue.message }];
  });
}

/** Settings that the text of a problem names. */
export interface ProblemLimits {
  /** `HTTP_BODY_LIMIT_BYTES`. */
  readonly bodyLimitBytes?: number;
  /** False: `/docs` is not served. */
  readonly docs?: boolean;
}

/**
 * Converts any error to a problem: a ProblemError unchanged, errors of the framework by their code, all others to
 * `internal-error` without internals.
 */
export function toProblem(error: unknown, limits: ProblemLimits = {}): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof ZodError) {
    return new ProblemError('invalid-request', 'Some members of the request are not valid; see errors.', {
      errors: fieldErrors(error),
      cause: error,
    });
  }
  if (isTemporarilyUnavailable(error)) {
    const { unconfirmed } = error;
    if (unconfirmed !== undefined) {
      return new ProblemError(
        'store-unavailable',
        'The store did not confirm the request in time; it may have been stored. Repeat it: nothing is done twice.',
        { headers: { 'retry-after': '2' }, members: { ...unconfirmed, accepted: 'unknown' }, cause: error },
      );
    }
    return new ProblemError(
      'store-unavailable',
      'The store is not available. Repeat the request: a start with the same correlationId and content is made once.',
      { headers: { 'retry-after': '2' }, cause: error },
    );
  }
  const known = FASTIFY_PROBLEMS[codeOf(error)];
  if (known !== undefined) return new ProblemError(known.code, known.detail, { cause: error });
  const status = statusOf(error);
  const code = STATUS_PROBLEMS[status] ?? (status >= 400 && status < 500 ? 'invalid-request' : undefined);
  if (code !== undefined) return new ProblemError(code, messageFor(code, limits), { cause: error });
  return new ProblemError(
    'internal-error',
    'The service failed while it handled this request. The same request may be repeated.',
    { cause: error },
  );
}

/** True for an error of this service after which the request may be repeated. */
export function isTemporarilyUnavailable(error: unknown): error is TemporarilyUnavailable {
  return typeof error === 'object' && error !== null && 'temporarilyUnavailable' in error;
}

function messageFor(code: ProblemCode, { bodyLimitBytes, docs = true }: ProblemLimits): string {
  if (code === 'body-too-large') {
    const bytes = bodyLimitBytes === undefined ? '' : `the ${bodyLimitBytes} bytes that `;
    return `The body is larger than ${bytes}HTTP_BODY_LIMIT_BYTES allows. Nothing was kept.`;
  }
  if (code === 'unknown-path') {
    return `There is nothing at this path.${docs ? ' GET /docs lists all paths.' : ''}`;
  }
  return STATUS_DETAILS[code] ?? 'The request cannot be handled.';
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
    ? error.statusCode
    : 0;
}
