// Observes the service during an attack as another client: the response time of its health route, and quick starts.
//
// The limit is a p99 of 200 ms for /health/live. A busy machine responds later, so two corrections remove its influence.
// An idle control server receives the same requests at the same moments, and its p99 is added to the limit. The limit is
// also extended by the share of time in which the thread of the service was ready to run but had no processor, as counted
// by Linux: a turn of the event loop of 100 ms takes 200 ms if two processes share a processor.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

const HEALTH_P99_MS = 200;

const EVERY_MS = 25;
const QUICK_EVERY_MS = 500;

/** Time limit of a request, in ms. */
const ANSWER_MS = 60_000;

const CONTROL = `
const server = require('node:http').createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port) + '\\n'));
process.stdin.on('end', () => process.exit(0)).resume();
`;

/** An idle server in a separate process, which ends with this one. */
export async function startControl() {
  const child = spawn(process.execPath, ['-e', CONTROL], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data');
  return {
    baseUrl: `http://127.0.0.1:${String(port).trim()}`,
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** One request on its own connection. @returns status and text, and the duration in ms */
export function ask(url, { method = 'GET', body, headers = {} } = {}) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent: false, timeout: ANSWER_MS, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, text, ms: performance.now() - began }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}

let quickStarts = 0;

/** A quick start of another client. */
export function quickStart(baseUrl) {
  quickStarts += 1;
  const id = `quick-${process.pid}-${quickStarts}`;
  return ask(`${baseUrl}/api/process/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ processKey: 'onboard-user', correlationId: id, variables: { userId: id } }),
  });
}

/**
 * Watches the service until `stop` is called.
 *
 * @param startStatus the status of a quick start: 200, or 202 if the engine is unavailable
 */
export function watch(service, control, startStatus) {
  const before = service.schedule();
  const health = [];
  const idle = [];
  const faults = [];
  let isOver = false;
  const repeat = async (everyMs, once) => {
    while (!isOver) {
      const next = new Promise((resolve) => setTimeout(resolve, everyMs));
      await once().catch((error) => faults.push(error.code ?? error.message));
      await next;
    }
  };
  const look = async () => {
    const [own, other] = await Promise.all([ask(`${service.baseUrl}/health/live`), ask(control.baseUrl)]);
    if (own.status !== 200) faults.push(`/health/live answered ${own.status}`);
    health.push(own.ms);
    idle.push(other.ms);
  };
  const starts = [];
  const start = async () => {
    const { status, ms, text } = await quickStart(service.baseUrl);
    starts.push(ms);
    if (status !== startStatus) faults.push(`a quick start answered ${status}: ${text.slice(0, 300)}`);
  };
  const watching = Promise.all([repeat(EVERY_MS, look), repeat(QUICK_EVERY_MS, start)]);
  return async () => {
    isOver = true;
    await watching;
    const stretch = stretchOf(before, service.schedule());
    const p99 = quantile(health, 0.99);
    const limit = HEALTH_P99_MS * stretch + quantile(idle, 0.99);
    return {
      isQuick: p99 <= limit,
      p99,
      faults,
      said:
        `health p99 ${Math.round(p99)} ms of ${Math.round(limit)} (${health.length} looks, longest ` +
        `${Math.round(Math.max(...health))}), ${starts.length} quick starts, longest ${Math.round(Math.max(...starts, 0))} ms`,
    };
  };
}

function stretchOf(before, after) {
  if (before === null || after === null) return 1;
  const [run, wait] = [after.run - before.run, after.wait - before.wait];
  return run <= 0 ? 1 : (run + wait) / run;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
}
