// npm run bench:waiters [-- --waiters 10000]
//
// A number of clients wait for as many processes on one instance of the built service, over several loopback addresses.
// Prints the heap of a waiter and of an open request of a bare Fastify server, the time from the response to a completion
// to the response of its waiter, and the delay of the event loop of the service.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { waiters: { type: 'string', default: '10000' } } });
const COUNT = Number(values.waiters);
const CHILD = fileURLToPath(new URL('./waiters.child.mjs', import.meta.url));
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

/** Parallel requests that start and complete processes. */
const LANES = 50;

/** Ends with this process in all cases. */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-waiters-'));
try {
  const bare = await bytesOfBareRequest();
  console.log(`a bare request held open    ${(bare / 1024).toFixed(2)} kB of heap`);
  await measureService(bare);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

async function startChild(parameters, env = {}) {
  const child = fork(CHILD, parameters, {
    execArgv: ['--expose-gc'],
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(child);
  const [{ port }] = await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, port, ask };
}

async function bytesOfBareRequest() {
  const { child, port, ask } = await startChild(['bare']);
  const before = await ask('heap');
  const agent = new Agent({ keepAlive: true });
  const held = Array.from({ length: COUNT }, (_, index) => send(agent, port, index, 'GET', '/held'));
  await settled(ask);
  const after = await ask('heap');
  child.kill('SIGKILL');
  await Promise.allSettled(held);
  return (after.heapUsed - before.heapUsed) / COUNT;
}

async function measureService(bare) {
  const { child, port, ask } = await startChild([], {
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    WAITROOM_MAX: String(COUNT * 2),
    WAITS_PER_CLIENT: String(COUNT * 2),
    SIMULATOR_SLOW_MS: '600000',
    HTTP_TIMEOUT_MS: '900000',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: LANES });
  await inLanes((index) => {
    const id = idOf(index);
    const body = { processKey: 'onboard-user', correlationId: id, variables: { userId: `slow-${id}` } };
    return send(agent, port, 0, 'POST', '/api/process/start', body, { prefer: 'respond-async' });
  });
  const before = await ask('heap');
  const waiting = new Agent({ keepAlive: true });
  const answeredAt = new Map();
  const waiters = Array.from({ length: COUNT }, async (_, index) => {
    const { status } = await send(waiting, port, index, 'GET', `/api/process/status/${idOf(index)}?wait=55`);
    answeredAt.set(index, { status, at: performance.now() });
  });
  await settled(ask);
  const after = await ask('heap');
  await ask('watch');
  const completedAt = [];
  await inLanes(async (index) => {
    await send(agent, port, 0, 'POST', '/api/process/complete', {
      correlationId: idOf(index),
      status: 'ok',
      data: index,
    });
    completedAt[index] = performance.now();
  });
  await Promise.all(waiters);
  const delay = await ask('delay');
  child.kill('SIGKILL');
  const late = [...answeredAt.values()].filter(({ status }) => status !== 200).length;
  const latencies = completedAt
    .map((at, index) => Math.max(answeredAt.get(index).at - at, 0))
    .sort((a, b) => a - b);
  const at = (share) =>
    latencies[Math.min(Math.floor(latencies.length * share), latencies.length - 1)].toFixed(1);
  const perWaiter = (after.heapUsed - before.heapUsed) / COUNT;
  console.log(
    `a waiter of the service     ${(perWaiter / 1024).toFixed(2)} kB of heap, ${((perWaiter - bare) / 1024).toFixed(2)} kB over it`,
  );
  console.log(
    `woken behind its completion p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   not woken in time: ${late}`,
  );
  console.log(
    `event loop delay            p50 ${delay.p50.toFixed(1)} ms   p99 ${delay.p99.toFixed(1)} ms   longest ${delay.max.toFixed(1)} ms`,
  );
}

function idOf(index) {
  return `waiter-${index}`;
}

async function inLanes(work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let index = next++; index < COUNT; index = next++) await work(index);
    }),
  );
}

/** Waits until the server has read all requests: its heap no longer grows. */
async function settled(ask) {
  let last = -1;
  for (;;) {
    const { heapUsed } = await ask('heap');
    if (last > 0 && Math.abs(heapUsed - last) < last * 0.002) return;
    last = heapUsed;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function send(agent, port, index, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      {
        agent,
        host: ADDRESSES[index % ADDRESSES.length],
        port,
        method,
        path,
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
