import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ProcessAnswer } from './process-view.presenter.js';

/** Bytes that are written at a time: whoever watches a connection sees by them that its client reads. */
const CHUNK_BYTES = 65_536;

/** Sends an answer; a large one in pieces, as its client takes them. */
export function sendAnswer(
  reply: FastifyReply,
  { httpStatus, headers, body }: ProcessAnswer,
  preferenceApplied: string | null = null,
): void {
  if (preferenceApplied !== null) void reply.header('preference-applied', preferenceApplied);
  void reply.status(httpStatus).headers(headers);
  if (httpStatus === 304) {
    // Fastify gives a HEAD without a body the length 0, which is not that of the representation.
    void reply.send(reply.request.method === 'HEAD' ? Readable.from([]) : undefined);
    return;
  }
  void reply.type('application/json; charset=utf-8');
  if (body.length <= CHUNK_BYTES) {
    void reply.send(body);
    return;
  }
  const bytes = Buffer.from(body);
  void reply.header('content-length', bytes.length).send(Readable.from(piecesOf(bytes)));
}

function* piecesOf(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    yield bytes.subarray(from, from + CHUNK_BYTES);
  }
}
