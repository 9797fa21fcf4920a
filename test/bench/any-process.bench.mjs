// npm run bench:any-process [-- --processes 100 --rounds 5]
//
// A worker that knows nothing of the service finishes processes after 20 ms each; clients wait for them in their start
// requests. Prints the time from the completion of the last step, as the worker sees it, to the response of the client.
// The built service and the embedded engine run as processes of their own, so the service reaches the engine over HTTP.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServiceProcess } from '../../scripts/lib/service.process.mjs';

const { values } = parseArgs({
  options: { processes: { type: 'string', default: '100' }, rounds: { type: 'string', default: '5' } },
});
const COUNT = Number(values.processes);
const ROUNDS = Number(values.rounds);

/** What the worker needs for a task, in ms: the floor of each process. */
const WORK_MS = 20;

const BPMN = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:bench">
<process id="foreign" isExecutable="true" camunda:historyTimeToLive="P1D"><startEvent id="start"/>
<serviceTask id="work" camunda:type="external" camunda:topic="foreign.work"/><endEvent id="end"/>
<sequenceFlow id="a" sourceRef="start" targetRef="work"/><sequenceFlow id="b" sourceRef="work" targetRef="end"/>
</process></definitions>`;

const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-any-process-'));
const engine = spawn(
  process.execPath,
  ['dist/src/embedded-engine/main.js', '--port', '0', '--open', '--data', join(folder, 'engine')],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let service;
try {
  const engineUrl = await baseUrlOf(engine);
  await deploy(engineUrl);
  service = new ServiceProcess(process.execPath, ['--max-semi-space-size=64', 'dist/src/main.js'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(folder, 'service'),
      CAMUNDA_BASE_URL: engineUrl,
      WAITS_PER_CLIENT: String(COUNT + 10),
    },
  });
  await service.ready(60_000);
  const completedAt = new Map();
  const worker = new AbortController();
  const working = work(engineUrl, completedAt, worker.signal);
  for (let round = 0; round < ROUNDS; round += 1) {
    const delays = await Promise.all(
      Array.from({ length: COUNT }, (_, n) => measure(service.baseUrl, `${round}-${n}`, completedAt)),
    );
    delays.sort((x, y) => x - y);
    const at = (share) => delays[Math.min(Math.floor(delays.length * share), delays.length - 1)].toFixed(0);
    console.log(
      `${COUNT} at once: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
    );
  }
  worker.abort();
  await working;
} finally {
  service?.signal('SIGTERM');
  await service?.exited;
  engine.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function baseUrlOf(child) {
  for await (const line of createInterface(child.stdout)) {
    const { baseUrl } = JSON.parse(line);
    if (baseUrl !== undefined) return baseUrl;
  }
  throw new Error('The engine ended during its boot.');
}

async function deploy(engineUrl) {
  const form = new FormData();
  form.set('deployment-name', 'bench');
  form.set('foreign.bpmn', new Blob([BPMN]), 'foreign.bpmn');
  const answer = await fetch(`${engineUrl}/deployment/create`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Starts a process, and returns the ms from the completion of its task to the response. */
async function measure(serviceUrl, correlationId, completedAt) {
  const answer = await fetch(`${serviceUrl}/api/process/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ processKey: 'foreign', correlationId, variables: {} }),
  });
  const at = performance.now();
  const body = await answer.json();
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return at - completedAt.get(correlationId);
}

/** The worker: fetches tasks and completes each after its time. */
async function work(engineUrl, completedAt, signal) {
  const post = (path, body) =>
    fetch(engineUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const finish = async ({ id, businessKey }) => {
    await delay(WORK_MS);
    const answer = await post(`/external-task/${id}/complete`, { workerId: 'elsewhere', variables: {} });
    if (!answer.ok) throw new Error(await answer.text());
    completedAt.set(businessKey, performance.now());
  };
  const topics = [{ topicName: 'foreign.work', lockDuration: 60_000, variables: [] }];
  while (!signal.aborted) {
    const answer = await post('/external-task/fetchAndLock', {
      workerId: 'elsewhere',
      maxTasks: 100,
      asyncResponseTimeout: 500,
      topics,
    });
    for (const task of await answer.json()) void finish(task);
  }
}
