import { Body, Controller, Header, Headers, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ownerOf, principalOf, ProcessAccess, RequiresScope } from '../../auth/index.js';
import { releaseBody } from '../../common/bodies/index.js';
import { ZodValidationPipe } from '../../common/validation/index.js';
import { WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import type { MessageCommand } from '../commands/process-message.js';
import { ProcessMessageService } from '../commands/process-message.service.js';
import { sendAnswer } from './answer.sender.js';
import { onClientGone } from './client-gone.js';
import { ClientLimitsService } from './client-limits.service.js';
import { ProcessMessagePresenter } from './process-message.presenter.js';
import { DocumentMessage } from './process-messages.openapi.js';
import { type MessageRequest, messageRequestSchema } from './process-messages.schemas.js';
import { readRequester } from './requester.reader.js';
import { readWaitPreference } from './wait-preference.js';

/** The REST route of messages to processes. */
@Controller('api/process')
export class ProcessMessagesController {
  constructor(
    private readonly messages: ProcessMessageService,
    private readonly presenter: ProcessMessagePresenter,
    private readonly shares: ClientLimitsService,
    @Inject(WAIT_CONFIG) private readonly waitConfig: WaitConfig,
  ) {}

  @Post('message')
  @RequiresScope('process:complete')
  @Header('Vary', 'Prefer')
  @DocumentMessage()
  async message(
    @Body(new ZodValidationPipe(messageRequestSchema)) body: MessageRequest,
    @Headers('prefer') prefer: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { messageName, messageId = null, correlationId = null, correlationKeys, variables } = body;
    const { request } = reply;
    const principal = principalOf(reply);
    const command: MessageCommand = {
      messageName,
      messageId,
      correlationId,
      correlationKeys,
      variables,
      onEmptied: () => {
        releaseBody(request.raw);
      },
      requester: readRequester(request),
      access: ProcessAccess.of(principal, 'process:complete'),
      starter: { owner: ownerOf(principal), access: ProcessAccess.of(principal, 'process:start') },
    };
    if (correlationId !== null) request.correlationId = correlationId;
    // The request may wait for a long time. Both of these refer to its body, which is no longer needed.
    request.body = undefined;
    body.variables = {};
    const { waitMs, applied } = readWaitPreference(prefer, this.waitConfig.syncTimeoutMaxMs);
    const result = await this.messages.send(
      command,
      onClientGone(reply),
      // Beyond its limit a client's message is correlated without a wait, as with a full waitroom.
      waitMs === 0 || this.shares.mayWait(reply) ? (waitMs ?? undefined) : 0,
    );
    const known = result.kind === 'start' ? result.result : result;
    if ('record' in known && known.record !== null) request.correlationId = known.record.correlationId;
    const answer = this.presenter.message(result);
    this.shares.assertAnswer(reply, answer.body.length);
    sendAnswer(reply, answer, applied(answer.httpStatus));
  }
}
