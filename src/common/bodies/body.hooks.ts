import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../errors/index.js';
import { BodyBudget, type Release } from './body.budget.js';

/** Bodies up to this size do not wait, so that large ones do not delay small requests. */
const SMALL_BYTES = 16_384;

/** Milliseconds that a large body may wait for others. */
const WAIT_MS = 5_000;

const releases = new WeakMap<IncomingMessage, Release>();

/**
 * Limits the bytes of the bodies that are read, parsed and stored at the same time. A large body beyond the limit is not
 * read until others are done; after 5 s its request is answered 503 `too-many-bodies`.
 *
 * @param limits bytes of all bodies together, and of one body
 */
export function admitBodies(
  fastify: FastifyInstance,
  limits: { readonly bodiesMaxBytes: number; readonly bodyLimitBytes: number },
): void {
  const budget = new BodyBudget(limits.bodiesMaxBytes, WAIT_MS);
  fastify.addHook('preParsing', async (request, reply, payload) => {
    const bytes = bytesOf(request.raw, limits.bodyLimitBytes);
    if (bytes <= SMALL_BYTES) return payload;
    const gone = new AbortController();
    reply.raw.once('close', () => {
      gone.abort();
      releaseBody(request.raw);
    });
    const release = await budget.take(bytes, gone.signal);
    if (release === null) {
      throw new ProblemError(
        'too-many-bodies',
        'The service reads as many large bodies as HTTP_BODIES_MAX_BYTES allows, and this one has waited for its turn ' +
          'too long. Nothing was kept; send it again later.',
        { headers: { 'retry-after': '5' } },
      );
    }
    if (gone.signal.aborted) release();
    else releases.set(request.raw, release);
    return payload;
  });
}

/** Returns the bytes of a request's body before its answer, because the request only waits and no longer needs the body. */
export function releaseBody(request: IncomingMessage): void {
  const release = releases.get(request);
  releases.delete(request);
  release?.();
}

/** The length in the headers; a body without one counts with the most bytes that are allowed. */
function bytesOf({ headers }: IncomingMessage, most: number): number {
  if (headers['transfer-encoding'] !== undefined) return most;
  // A longer body is refused without being read.
  return Math.min(Number(headers['content-length'] ?? 0), most);
}
