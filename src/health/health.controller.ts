import { applyDecorators, Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  HealthCheckService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { OptionalScope, principalIfKnown, PublicRoute } from '../auth/index.js';
import { PROBLEM_MEDIA_TYPE } from '../common/errors/index.js';
import { HealthService } from './health.service.js';

const status = { type: 'string', enum: ['ok', 'error', 'shutting_down'] };
const parts = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['status'],
    properties: { status: { enum: ['up', 'down'] } },
  },
};

/** Content of every probe's answer. */
const content = {
  'application/json': {
    schema: {
      type: 'object',
      required: ['status', 'info', 'error', 'details'],
      properties: { status, info: parts, error: parts, details: parts },
    },
  },
};

const problem = { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };

const DocumentProbe = (operationId: string, summary: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary, operationId }),
    ApiResponse({ status: 200, description: 'All parts are up.', content }),
    ApiResponse({
      status: 429,
      description: 'The connection has too many unanswered requests.',
      content: problem,
    }),
    ApiResponse({
      status: 503,
      description: 'At least one part is down.',
      content: { ...content, ...problem },
    }),
  );

/** Probes for Kubernetes, and details for operators. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly health: HealthService,
  ) {}

  @Get()
  @OptionalScope('ops:read')
  @DocumentProbe('getHealth', 'Liveness, readiness and details for operators')
  @ApiResponse({ status: 401, description: 'The credentials are not valid.', content: problem })
  all(@Res() reply: FastifyReply): Promise<void> {
    const indicators = [...this.health.readiness(), ...this.health.details()];
    // Topics, hosts, process ids and the URL of the engine are for operators.
    const isOperator = principalIfKnown(reply)?.grants.has('ops:read') === true;
    return this.answer(reply, indicators, isOperator ? undefined : namesAndStates);
  }

  @Get('live')
  @PublicRoute()
  @DocumentProbe('getLiveness', 'The process answers')
  live(@Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, this.health.liveness());
  }

  @Get('ready')
  @PublicRoute()
  @DocumentProbe('getReadiness', 'The service takes requests')
  ready(@Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, this.health.readiness());
  }

  /** Terminus throws if the service is unhealthy; the exception's response is sent like any other. */
  private async answer(
    reply: FastifyReply,
    indicators: HealthIndicatorFunction[],
    shown: (result: HealthCheckResult) => HealthCheckResult = (result) => result,
  ): Promise<void> {
    const result = await this.checks.check(indicators).catch((error: unknown) => resultOf(error));
    void reply
      .status(result.status === 'ok' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(shown(result));
  }
}

function resultOf(error: unknown): HealthCheckResult {
  if (error instanceof Error && 'getResponse' in error && typeof error.getResponse === 'function') {
    return (error as Error & { getResponse(): HealthCheckResult }).getResponse();
  }
  throw error;
}

/** The result without what its parts tell besides `up` or `down`. */
function namesAndStates({ status: overall, info, error, details }: HealthCheckResult): HealthCheckResult {
  return {
    status: overall,
    info: statesOf(info),
    error: statesOf(error),
    details: statesOf(details),
  };
}

function statesOf(all: Partial<HealthIndicatorResult> = {}): HealthIndicatorResult {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, part]) =>
      part === undefined ? [] : [[name, { status: part.status }] as const],
    ),
  );
}
