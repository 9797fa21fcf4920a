import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult, type HealthIndicatorFunction } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { HealthService } from './health.service.js';

/** Probes for Kubernetes and a page for a person. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly health: HealthService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Liveness, readiness and details for a person', operationId: 'getHealth' })
  all(@Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, [...this.health.readiness(), ...this.health.details()]);
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers', operationId: 'getLiveness' })
  live(@Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, []);
  }

  @Get('ready')
  @ApiOperation({ summary: 'The service takes requests', operationId: 'getReadiness' })
  ready(@Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, this.health.readiness());
  }

  /** Terminus reports an unhealthy service as an exception; here it is an answer like the other. */
  private async answer(reply: FastifyReply, indicators: HealthIndicatorFunction[]): Promise<void> {
    const result = await this.checks.check(indicators).catch((error: unknown) => resultOf(error));
    void reply
      .status(result.status === 'ok' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(result);
  }
}

function resultOf(error: unknown): HealthCheckResult {
  if (error instanceof Error && 'getResponse' in error && typeof error.getResponse === 'function') {
    return (error as Error & { getResponse(): HealthCheckResult }).getResponse();
  }
  throw error;
}
