import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { ATTEMPT_HEADER } from './partners.js';

const requestSchema = z.object({ userId: z.string() });

/** Attempts of a background check for a `flaky-` user that fail. */
const FLAKY_FAILURES = 2;

/** Milliseconds that an idle connection is kept, so that steps that follow each other slowly find it open. */
const KEEP_ALIVE_MS = 72_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Stands in for both partners on a loopback port where none is configured, so that every path can be seen.
 *
 * It remembers nothing; the userId says what happens: `slow-` delays the background check, `blocked-` does not
 * clear it, `flaky-` fails it on attempts 1 and 2, `broken-` fails it always. It is a bare HTTP server, because it
 * shares its thread with the service and should take little of it.
 */
export class PartnerSimulator {
  private readonly server: Server;
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(private readonly slowMs: number) {
    this.server = createServer((request, response) => {
      this.serve(request, response);
    });
    this.server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** @param slowMs how long a background check takes for a `slow-` user */
  static async start(slowMs: number): Promise<PartnerSimulator> {
    const simulator = new PartnerSimulator(slowMs);
    await new Promise<void>((resolve, reject) => {
      simulator.server.once('error', reject);
      simulator.server.listen(0, '127.0.0.1', resolve);
    });
    return simulator;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Drops what still waits and closes the port. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const userId = readUserId(Buffer.concat(chunks).toString());
      const answer = userId === null ? REFUSED : answerTo(request, userId);
      const isSlow = request.url === '/background-checks' && userId?.startsWith('slow-') === true;
      const respond = (): void => {
        send(response, answer);
      };
      if (isSlow) this.later(respond);
      else respond();
    });
  }

  private later(work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, this.slowMs);
    this.timers.add(timer);
  }
}

const REFUSED: Answer = { status: 400, body: { error: 'The body must be {"userId": "…"}.' } };

function readUserId(text: string): string | null {
  try {
    const read = requestSchema.safeParse(JSON.parse(text));
    return read.success ? read.data.userId : null;
  } catch {
    return null;
  }
}

function answerTo({ method, url, headers }: IncomingMessage, userId: string): Answer {
  switch (`${method ?? ''} ${url ?? ''}`) {
    case 'POST /background-checks':
      return checkBackground(userId, Number(headers[ATTEMPT_HEADER] ?? 1));
    case 'POST /onboardings':
      return { status: 200, body: { success: true, userId } };
    default:
      return { status: 404, body: { error: 'There is nothing here.' } };
  }
}

function checkBackground(userId: string, attempt: number): Answer {
  if (userId.startsWith('broken-') || (userId.startsWith('flaky-') && attempt <= FLAKY_FAILURES)) {
    return { status: 500, body: { error: `The background check failed on attempt ${attempt}.` } };
  }
  if (userId.startsWith('blocked-')) {
    return { status: 200, body: { cleared: false, reason: `${userId} is on a block list` } };
  }
  return { status: 200, body: { cleared: true } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
