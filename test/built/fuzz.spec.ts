import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BuiltService, ensureBuilt } from '../support/built-service.js';
import { Contract, type SeenAnswer } from '../support/contract.js';
import { removeTables } from '../support/database.js';
import { type DrawnRequest, type RequestsDocument, requestsOf } from '../support/request.arbitrary.js';

// FUZZ_REQUESTS=20000 FUZZ_SEED=7 npm test -- test/built/fuzz
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 400);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** Requests that are drawn at a time, and sent in parallel. */
const BATCH = 200;
const PARALLEL = 8;

/** Far more than an answer takes on a busy machine; a wait takes at most 200 ms here. */
const ANSWER_MS = 60_000;

/** Answers before routing, which belong to no operation. */
const BEFORE_ROUTING = new Set([408, 417, 431]);

/** Growth of memory between the first quarter and the end; each request may keep a small process in the cache. */
const GROWTH_MIB = 200;

const LIMIT_MS = 300_000 + REQUESTS * 200;

let dataDir: string;
let service: BuiltService;
let baseUrl: string;
const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });

beforeAll(async () => {
  ensureBuilt();
  dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-fuzz-'));
  service = BuiltService.spawn({
    DATA_DIR: dataDir,
    NODE_OPTIONS: '--max-old-space-size=512',
    SYNC_TIMEOUT_MS: '200',
    SYNC_TIMEOUT_MAX_MS: '200',
    SIMULATOR_SLOW_MS: '300',
    SHUTDOWN_TIMEOUT_MS: '2000',
  });
  baseUrl = await service.listening();
}, 180_000);

afterAll(async () => {
  agent.destroy();
  await service.kill();
  await removeTables(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

/** Sends a request as it was drawn; of a stream only the head is read. */
function send({ method, path, headers, body }: DrawnRequest): Promise<SeenAnswer> {
  const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { agent, method, path, headers: { ...headers, ...length }, timeout: ANSWER_MS };
    const call = request(baseUrl, options, (response) => {
      const head = { method, path, status: response.statusCode ?? 0, headers: response.headers };
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        response.destroy();
        resolve({ ...head, body: null });
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        resolve({ ...head, body: text });
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.end(body ?? undefined);
  });
}

/** What is wrong with an answer; the document allows 500 for the outcome of a process only. */
function faultsOf(contract: Contract, answer: SeenAnswer): string[] {
  if (BEFORE_ROUTING.has(answer.status)) return [];
  const faults = contract.faultsOf(answer);
  const isInternal = answer.body?.includes('urn:fastify-camunda:problem:internal-error') === true;
  return isInternal ? [...faults, `${answer.method} ${answer.path} failed: ${answer.body}`] : faults;
}

/** Resident memory of the service in MiB; null if the system does not tell. */
function memory(): number | null {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kib) / 1_024);
  } catch {
    return null;
  }
}

it(
  `answers ${REQUESTS} requests of the seed ${SEED} as documented, never with an internal error, in bounded memory`,
  async () => {
    const document = (await (await fetch(`${baseUrl}/docs/openapi.json`)).json()) as RequestsDocument;
    const contract = await Contract.of(baseUrl);
    const requests = requestsOf(document);
    const faults: string[] = [];
    const statuses: Record<number, number> = {};
    let early: number | null = null;
    for (let sent = 0; sent < REQUESTS && faults.length < 20; sent += BATCH) {
      const numRuns = Math.min(BATCH, REQUESTS - sent);
      const drawn = fc.sample(requests, { seed: SEED + sent, numRuns });
      const lanes = Array.from({ length: PARALLEL }, async () => {
        for (let next = drawn.pop(); next !== undefined; next = drawn.pop()) {
          const sentRequest = next;
          const answer = await send(next).catch((error: unknown) => {
            faults.push(`${JSON.stringify(sentRequest).slice(0, 2_000)}: ${String(error)}`);
            return null;
          });
          if (answer === null) continue;
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
          const found = faultsOf(contract, answer);
          if (found.length > 0)
            faults.push(`${JSON.stringify(sentRequest).slice(0, 2_000)}: ${found.join('; ')}`);
        }
      });
      await Promise.all(lanes);
      if (early === null && sent + BATCH >= REQUESTS / 4) early = memory();
    }
    const late = memory();
    process.stdout.write(
      `${REQUESTS} requests, seed ${SEED}: ${JSON.stringify(statuses)}, memory ${early} to ${late} MiB\n`,
    );
    expect(faults).toEqual([]);
    expect(service.exited).toBe(false);
    if (early !== null && late !== null) expect(late - early).toBeLessThan(GROWTH_MIB);
    // The mutations must not only find refusals.
    expect(statuses[200] ?? 0).toBeGreaterThan(REQUESTS / 20);
    expect((await fetch(`${baseUrl}/health/ready`)).status).toBe(200);
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(service.log).not.toContain('A request failed');
  },
  LIMIT_MS,
);
