import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../errors/index.js';
import { BodyBudget, type Release } from './body.budget.js';

/** Bodies of at most this many bytes do not wait: small requests are served beside large ones. */
const SMALL_BYTES = 16_384;

/** How long a large body may wait for others to be done with, in ms. */
const WAIT_MS = 5_000;

const releases = new WeakMap<IncomingMessage, Release>();

/**
 * Bounds the bytes of the bodies that are read, parsed and stored at the same time. A further large one is not read
 * before there is room; one that waits for more than 5 s is answered 503 `too-many-bodies`.
 *
 * @param limits bytes of all bodies, and of one
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

/** Makes room for other bodies before the answer: the request waits, and what it has brought is not needed any more. */
export function releaseBody(request: IncomingMessage): void {
  const release = releases.get(request);
  releases.delete(request);
  release?.();
}

/** The length that the headers announce; a body without one may have as many bytes as one may have. */
function bytesOf({ headers }: IncomingMessage, most: number): number {
  if (headers['transfer-encoding'] !== undefined) return most;
  // One that is too long is refused without being read.
  return Math.min(Number(headers['content-length'] ?? 0), most);
}
