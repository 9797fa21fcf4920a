import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { limitedCaller } from '../../auth/index.js';
import { ClientShare, type FullShare, openRequestOf } from '../../common/connections/index.js';
import { ProblemError } from '../../common/errors/index.js';
import { HTTP_CONFIG, type HttpConfig } from '../../config/index.js';

/** Smaller answers are not counted: socket buffers hold them, and the requests of a connection are bounded. */
const COUNTED_BYTES = 16_384;

/** Seconds after which a client may repeat a refused request. */
const RETRY_AFTER_SECONDS = '5';

/**
 * Limits what one client uses of the shared resources: waiting requests, event streams, and bytes of unread answers. A
 * client is a principal, or without authentication a remote address, of which an IPv6 network of /64 has only one.
 */
@Injectable()
export class ClientLimitsService {
  private readonly waits: ClientShare;
  private readonly streams: ClientShare;
  private readonly answers: ClientShare;

  constructor(@Inject(HTTP_CONFIG) private readonly config: HttpConfig) {
    // The waitroom limits all clients together, and releases further waits at once.
    this.waits = new ClientShare(Infinity, config.waitsPerClient);
    this.answers = new ClientShare(config.answersMaxBytes, config.answersMaxBytes / 2);
    this.streams = new ClientShare(config.eventStreamsMax, config.eventStreamsPerClient);
  }

  /** True if the request may wait; false if the client has the maximum number of waiting requests. */
  mayWait(reply: FastifyReply): boolean {
    return take(this.waits, reply) === null;
  }

  /** @throws ProblemError `rate-limited` if the client has the maximum number of waiting requests */
  assertWait(reply: FastifyReply): void {
    if (this.mayWait(reply)) return;
    throw rateLimited(
      `This client has ${this.config.waitsPerClient} waiting requests, the maximum of WAITS_PER_CLIENT. ` +
        'Repeat the request later or without a wait.',
    );
  }

  /** @throws ProblemError `rate-limited` at the limit of the client, `too-many-streams` at the limit of all clients */
  assertStream(reply: FastifyReply): void {
    const full = take(this.streams, reply);
    if (full === null) return;
    if (full === 'client') {
      throw rateLimited(
        `This client has ${this.config.eventStreamsPerClient} open streams, the maximum of EVENT_STREAMS_PER_CLIENT. ` +
          'Close one, read the events as a page, or open the stream later.',
      );
    }
    throw new ProblemError(
      'too-many-streams',
      `${this.config.eventStreamsMax} streams are open, the maximum of EVENT_STREAMS_MAX. Read the events as a page, or open the stream later.`,
      { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
    );
  }

  /**
   * Counts an answer until its client has read it.
   *
   * @throws ProblemError `too-many-answers` if too many bytes wait to be read already
   */
  assertAnswer(reply: FastifyReply, bytes: number): void {
    if (bytes < COUNTED_BYTES || take(this.answers, reply, bytes) === null) return;
    const isRead = reply.request.method !== 'POST';
    throw new ProblemError(
      'too-many-answers',
      'Too many large responses wait for clients that have not read them. ' +
        (isRead
          ? 'Read your pending responses, then repeat the request.'
          : 'The request may have been carried out. Repeat it: nothing is done twice.'),
      {
        headers: { 'retry-after': RETRY_AFTER_SECONDS },
        ...(isRead ? {} : { members: { accepted: 'unknown' } }),
      },
    );
  }
}

function take(share: ClientShare, { request, raw }: FastifyReply, amount = 1): FullShare | null {
  return share.take(limitedCaller(request), openRequestOf(request.raw, raw), amount);
}

function rateLimited(detail: string): ProblemError {
  return new ProblemError('rate-limited', detail, { headers: { 'retry-after': RETRY_AFTER_SECONDS } });
}
