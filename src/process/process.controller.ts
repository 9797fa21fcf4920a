import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { v7 as uuidv7 } from 'uuid';
import { ZodValidationPipe } from '../common/validation/index.js';
import { ProcessCompletionService } from './process-completion.service.js';
import { DocumentComplete, DocumentList, DocumentStart, DocumentStatus } from './process.openapi.js';
import { type CompleteRequest, completeRequestSchema, ListQuery, StartRequest } from './process.schemas.js';
import { ProcessStartService } from './process-start.service.js';
import { ProcessStatusService } from './process-status.service.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';

/** The REST contract: start, status, list, complete. */
@Controller('api/process')
export class ProcessController {
  constructor(
    private readonly starts: ProcessStartService,
    private readonly statuses: ProcessStatusService,
    private readonly completions: ProcessCompletionService,
    private readonly presenter: ProcessViewPresenter,
    private readonly logger: PinoLogger,
  ) {}

  @Post('start')
  @DocumentStart()
  async start(@Body(ZodValidationPipe) body: StartRequest, @Res() reply: FastifyReply): Promise<void> {
    const { processKey, variables, correlationId = uuidv7() } = body;
    this.logger.assign({ correlationId });
    send(
      reply,
      await this.starts.start({ processKey, correlationId, variables }, (gone) =>
        reply.raw.once('close', gone),
      ),
    );
  }

  @Get('status/all')
  @DocumentList()
  async list(@Query(ZodValidationPipe) query: ListQuery, @Res() reply: FastifyReply): Promise<void> {
    send(reply, await this.statuses.list(query));
  }

  @Get('status/:correlationId')
  @DocumentStatus()
  async status(@Param('correlationId') correlationId: string, @Res() reply: FastifyReply): Promise<void> {
    send(reply, await this.statuses.status(correlationId));
  }

  @Post('complete')
  @DocumentComplete()
  async complete(
    @Body(new ZodValidationPipe(completeRequestSchema)) body: CompleteRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.logger.assign({ correlationId: body.correlationId });
    send(reply, this.presenter.completion(await this.completions.complete(body), body.correlationId));
  }
}

function send(reply: FastifyReply, { httpStatus, headers, body }: ProcessAnswer): void {
  void reply.status(httpStatus).headers(headers).type('application/json; charset=utf-8').send(body);
}
