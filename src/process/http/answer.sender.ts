import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ProcessAnswer } from './process-view.presenter.js';

/** Bytes of one write. The progress of the writes shows that the client reads. */
const CHUNK_BYTES = 65_536;

/** Sends an answer; a large one in chunks at the pace of its client. */
export function sendAnswer(
  reply: FastifyReply,
  { httpStatus, headers, body }: ProcessAnswer,
  preferenceApplied: string | null = null,
): void {
  if (preferenceApplied !== null) void reply.header('preference-applied', preferenceApplied);
  void reply.status(httpStatus).headers(headers);
  if (httpStatus === 304) {
    // Fastify sends `Content-Length: 0` for a HEAD without a body, which is not the length of the representation.
    void reply.send(reply.request.method === 'HEAD' ? Readable.from([]) : undefined);
    return;
  }
  void reply.type('application/json; charset=utf-8');
  if (body.length <= CHUNK_BYTES) {
    void reply.send(body);
    return;
  }
  const bytes = Buffer.from(body);
  void reply.header('content-length', bytes.length).send(Readable.from(chunksOf(bytes)));
}

function* chunksOf(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    yield bytes.subarray(from, from + CHUNK_BYTES);
  }
}
