import { Controller, Get, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { principalOf, ProcessAccess, RequiresScope } from '../../auth/index.js';
import { ZodValidationPipe } from '../../common/validation/index.js';
import { sendAnswer } from './answer.sender.js';
import { ClientLimitsService } from './client-limits.service.js';
import { ProcessDefinitionsService } from './process-definitions.service.js';
import { DocumentDefinitions } from './process.openapi.js';
import { DefinitionsQuery } from './process.schemas.js';

/** Default page size. */
const DEFAULT_LIMIT = 100;

/** The REST route that lists what can be started. */
@Controller('api/process/definitions')
export class ProcessDefinitionsController {
  constructor(
    private readonly definitions: ProcessDefinitionsService,
    private readonly shares: ClientLimitsService,
  ) {}

  @Get()
  @RequiresScope('process:read')
  @DocumentDefinitions()
  async list(
    @Query(ZodValidationPipe) { after = '', limit = DEFAULT_LIMIT }: DefinitionsQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await this.definitions.list(
      after,
      limit,
      ProcessAccess.of(principalOf(reply), 'process:read'),
    );
    this.shares.assertAnswer(reply, answer.body.length);
    sendAnswer(reply, answer);
  }
}
