import { Readable } from 'node:stream';
import { Controller, Get, Header, Headers, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { z } from 'zod';
import { principalOf, ProcessAccess, RequiresScope } from '../../auth/index.js';
import { ProblemError } from '../../common/errors/index.js';
import { AddRouteConfig } from '../../common/routes/index.js';
import { CorrelationIdPipe, ZodValidationPipe } from '../../common/validation/index.js';
import { sendAnswer } from './answer.sender.js';
import { onClientGone } from './client-gone.js';
import { ClientLimitsService } from './client-limits.service.js';
import { ProcessEventsService } from './process-events.service.js';
import { DocumentEvents } from './process.openapi.js';
import { EventsQuery, lastEventIdSchema } from './process.schemas.js';

const EVENT_STREAM = 'text/event-stream';

/** Proxies must neither buffer the stream nor compress it, because compression buffers as well. */
const UNBUFFERED = { 'cache-control': 'private, no-cache, no-transform', 'x-accel-buffering': 'no' };

/** Media types of the route; the first is the default. */
const PRODUCES = ['application/json', EVENT_STREAM];

/** Default page size. */
const DEFAULT_LIMIT = 100;

/** The trail of a process. */
@Controller('api/process')
export class ProcessEventsController {
  constructor(
    private readonly events: ProcessEventsService,
    private readonly shares: ClientLimitsService,
  ) {}

  @Get('events/:correlationId')
  @RequiresScope('process:read')
  @Header('Vary', 'Accept')
  @AddRouteConfig({ produces: PRODUCES })
  @DocumentEvents()
  async show(
    @Param('correlationId', CorrelationIdPipe) correlationId: string,
    @Query(ZodValidationPipe) { after = 0, limit = DEFAULT_LIMIT }: EventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const access = ProcessAccess.of(principalOf(request), 'process:read');
    if (new Negotiator(request.raw).mediaType(PRODUCES) !== EVENT_STREAM) {
      const reserve = (bytes: number): void => {
        this.shares.assertAnswer(reply, bytes);
      };
      const answer = await this.events.page(correlationId, after, limit, reserve, access);
      sendAnswer(reply, answer);
      return;
    }
    this.shares.assertStream(reply);
    const { headers, body } = await this.events.stream(
      correlationId,
      lastEventId ? seqOf(lastEventId) : after,
      onClientGone(reply),
      access,
    );
    void reply
      .headers(headers)
      .headers(UNBUFFERED)
      .type(EVENT_STREAM)
      .send(request.method === 'HEAD' ? Readable.from([]) : body);
  }
}

/** @throws ProblemError if no stream has sent the id */
function seqOf(lastEventId: string): number {
  const parsed: z.ZodSafeParseResult<number> = lastEventIdSchema.safeParse(lastEventId);
  if (parsed.success) return parsed.data;
  throw new ProblemError('invalid-request', 'Last-Event-ID is not the id of an event of this stream.', {
    cause: parsed.error,
  });
}
