import type { IncomingHttpHeaders } from 'node:http';
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { assertMayStart, ownerOf, principalOf, ProcessAccess, RequiresScope } from '../../auth/index.js';
import { releaseBody } from '../../common/bodies/index.js';
import { CorrelationIdPipe, ZodValidationPipe } from '../../common/validation/index.js';
import { WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import { ProcessCancelService } from '../commands/process-cancel.service.js';
import { ProcessCompletionService } from '../commands/process-completion.service.js';
import { type StartCommand, ProcessStartService } from '../commands/process-start.service.js';
import { sendAnswer } from './answer.sender.js';
import { onClientGone } from './client-gone.js';
import { ClientLimitsService } from './client-limits.service.js';
import { readIfNoneMatch } from './entity-tag.js';
import { ProcessStatusService } from './process-status.service.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import {
  DocumentCancel,
  DocumentComplete,
  DocumentList,
  DocumentStart,
  DocumentStatus,
} from './process.openapi.js';
import {
  type CancelRequest,
  cancelRequestSchema,
  type CompleteRequest,
  completeRequestSchema,
  ListQuery,
  StartRequest,
  StatusQuery,
} from './process.schemas.js';
import { readRequester } from './requester.reader.js';
import { readWaitPreference, waitWithin } from './wait-preference.js';

/** The REST routes of processes: start, status, list, complete, cancel. */
@Controller('api/process')
export class ProcessController {
  constructor(
    private readonly starts: ProcessStartService,
    private readonly statuses: ProcessStatusService,
    private readonly completions: ProcessCompletionService,
    private readonly cancels: ProcessCancelService,
    private readonly presenter: ProcessViewPresenter,
    private readonly shares: ClientLimitsService,
    @Inject(WAIT_CONFIG) private readonly waitConfig: WaitConfig,
  ) {}

  @Post('start')
  @RequiresScope('process:start')
  @Header('Vary', 'Prefer')
  @DocumentStart()
  async start(
    @Body(ZodValidationPipe) body: StartRequest,
    @Headers('prefer') prefer: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { processKey, correlationId = uuidv7(), tenantId, versionTag } = body;
    const principal = principalOf(reply);
    assertMayStart(principal, processKey);
    const start: StartCommand = {
      processKey,
      correlationId,
      tenantId,
      versionTag,
      starter: { owner: ownerOf(principal), access: ProcessAccess.of(principal, 'process:start') },
      variables: body.variables,
      onEmptied: () => {
        releaseBody(reply.request.raw);
      },
    };
    reply.request.correlationId = correlationId;
    // The request may wait for a long time. Both of these refer to its body, which is no longer needed.
    reply.request.body = undefined;
    body.variables = {};
    const { waitMs, applied } = readWaitPreference(prefer, this.waitConfig.syncTimeoutMaxMs);
    const result = await this.starts.start(
      start,
      onClientGone(reply),
      // Beyond its limit a client's start is accepted without a wait, as with a full waitroom.
      waitMs === 0 || this.shares.mayWait(reply) ? (waitMs ?? undefined) : 0,
    );
    const answer = this.presenter.start(result, processKey);
    this.send(reply, answer, applied(answer.httpStatus));
  }

  @Get('status/all')
  @RequiresScope('process:read')
  @DocumentList()
  async list(@Query(ZodValidationPipe) query: ListQuery, @Res() reply: FastifyReply): Promise<void> {
    const reserve = (bytes: number): void => {
      this.shares.assertAnswer(reply, bytes);
    };
    const access = ProcessAccess.of(principalOf(reply), 'process:read');
    const answer = await this.statuses.list(query, reserve, access);
    sendAnswer(reply, answer);
  }

  @Get('status/:correlationId')
  @RequiresScope('process:read')
  @Header('Vary', 'Prefer')
  @DocumentStatus()
  async status(
    @Param('correlationId', CorrelationIdPipe) correlationId: string,
    @Query(ZodValidationPipe) { wait }: StatusQuery,
    @Headers() headers: IncomingHttpHeaders,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const maxMs = this.waitConfig.syncTimeoutMaxMs;
    const preference = readWaitPreference(wait === undefined ? headers.prefer : undefined, maxMs);
    const waitMs = wait === undefined ? (preference.waitMs ?? 0) : waitWithin(wait, maxMs);
    if (waitMs > 0) this.shares.assertWait(reply);
    const answer = await this.statuses.status(correlationId, {
      waitMs,
      held: readIfNoneMatch(headers['if-none-match']),
      access: ProcessAccess.of(principalOf(reply), 'process:read'),
      onClientGone: onClientGone(reply),
    });
    this.send(reply, answer, preference.applied(answer.httpStatus));
  }

  @Post('complete')
  @RequiresScope('process:complete')
  @DocumentComplete()
  async complete(
    @Body(new ZodValidationPipe(completeRequestSchema)) body: CompleteRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    reply.request.correlationId = body.correlationId;
    const requester = readRequester(reply.request);
    const access = ProcessAccess.of(principalOf(reply), 'process:complete');
    const result = await this.completions.complete({ ...body, requester, access });
    this.send(reply, this.presenter.completion(result, body.correlationId));
  }

  @Post('cancel/:correlationId')
  @RequiresScope('process:cancel')
  @HttpCode(200)
  @DocumentCancel()
  async cancel(
    @Param('correlationId', CorrelationIdPipe) correlationId: string,
    @Body(new ZodValidationPipe(cancelRequestSchema)) body: CancelRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const requester = readRequester(reply.request);
    const result = await this.cancels.cancel(
      correlationId,
      body?.reason,
      requester,
      ProcessAccess.of(principalOf(reply), 'process:cancel'),
    );
    this.send(reply, this.presenter.cancel(result, correlationId));
  }

  /** @throws ProblemError `too-many-answers` */
  private send(reply: FastifyReply, answer: ProcessAnswer, preferenceApplied: string | null = null): void {
    this.shares.assertAnswer(reply, answer.body.length);
    sendAnswer(reply, answer, preferenceApplied);
  }
}
