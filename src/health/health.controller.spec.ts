import { describe, expect, it } from '@jest/globals';
import type { HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { ANONYMOUS } from '../auth/access/principal.js';
import { HealthController } from './health.controller.js';
import type { HealthService } from './health.service.js';

const up = { workers: { status: 'up' as const, topics: ['charge-card'], workerId: 'host-1-4711' } };
const down = { database: { status: 'down' as const, message: 'The database does not answer.' } };
const RESULT: HealthCheckResult = { status: 'error', info: up, error: down, details: { ...up, ...down } };

/** What GET /health answers to a principal. */
async function answerTo(principal: typeof ANONYMOUS | null): Promise<unknown> {
  const checks = { check: () => Promise.resolve(RESULT) } as unknown as HealthCheckService;
  const health = { readiness: () => [], details: () => [] } as unknown as HealthService;
  let sent: unknown;
  const reply = {
    request: { principal },
    status: (status: number) => {
      expect(status).toBe(503);
      return reply;
    },
    header: () => reply,
    send: (body: unknown) => {
      sent = body;
      return reply;
    },
  };
  await new HealthController(checks, health).all(reply as unknown as FastifyReply);
  return sent;
}

describe('GET /health', () => {
  it('shows names and states only to a caller without ops:read', async () => {
    const states = { workers: { status: 'up' }, database: { status: 'down' } };
    expect(await answerTo(null)).toEqual({
      status: 'error',
      info: { workers: states.workers },
      error: { database: states.database },
      details: states,
    });
  });

  it('shows everything to an operator, and to everybody without authentication', async () => {
    expect(await answerTo(ANONYMOUS)).toEqual(RESULT);
  });
});
