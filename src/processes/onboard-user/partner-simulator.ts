import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ATTEMPT_HEADER } from './partners.js';

const requestSchema = z.object({ userId: z.string() });

/** Attempts of a background check for a `flaky-` user that fail. */
const FLAKY_FAILURES = 2;

/**
 * Stands in for both partners on a loopback port where none is configured, so that every path can be seen.
 *
 * It remembers nothing; the userId says what happens: `slow-` delays the background check, `blocked-` does not
 * clear it, `flaky-` fails it on attempts 1 and 2, `broken-` fails it always.
 */
export class PartnerSimulator {
  private constructor(
    private readonly server: FastifyInstance,
    private readonly timers: Set<NodeJS.Timeout>,
    readonly baseUrl: string,
  ) {}

  /** @param slowMs how long a background check takes for a `slow-` user */
  static async start(slowMs: number): Promise<PartnerSimulator> {
    const timers = new Set<NodeJS.Timeout>();
    const server = Fastify({ forceCloseConnections: true });
    server.post('/background-checks', async (request, reply) => {
      const { userId } = requestSchema.parse(request.body);
      const attempt = Number(request.headers[ATTEMPT_HEADER] ?? 1);
      if (userId.startsWith('slow-')) await pause(slowMs, timers);
      if (userId.startsWith('broken-') || (userId.startsWith('flaky-') && attempt <= FLAKY_FAILURES)) {
        return reply.status(500).send({ error: `The background check failed on attempt ${attempt}.` });
      }
      if (userId.startsWith('blocked-')) return { cleared: false, reason: `${userId} is on a block list` };
      return { cleared: true };
    });
    server.post('/onboardings', (request) => {
      const { userId } = requestSchema.parse(request.body);
      return { success: true, userId };
    });
    const baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
    return new PartnerSimulator(server, timers, baseUrl);
  }

  /** Drops what still waits and closes the port. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    await this.server.close();
  }
}

function pause(ms: number, timers: Set<NodeJS.Timeout>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      resolve();
    }, ms);
    timers.add(timer);
  });
}
