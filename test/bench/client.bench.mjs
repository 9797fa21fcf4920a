// npm run bench:client [-- --seconds 5 --concurrency 1,50,500 --engines memory,sqlite --transports inproc,http --beside camunda7]
//
// Runs the embedded engine, camunda-external-task-client-js and the load in this one process: processes of four
// consecutive external tasks, started over REST and executed by two clients. With `http` the client is as published;
// with `inproc` it calls the router of the engine without a socket, like the service. `--beside` runs the same clients and
// the same load with a real engine (test/reference-engines/) in the same run. Machines differ and are noisy: compare rows of
// one run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'camunda-external-task-client-js';
import { Agent, request } from 'undici';
import { createRouter, openEmbeddedEngine, startEngineServer } from '../../dist/src/embedded-engine/index.js';
import { startRealEngine } from '../reference-engines/real-engine.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '1,50,500' },
    engines: { type: 'string', default: 'memory,sqlite' },
    transports: { type: 'string', default: 'inproc,http' },
    beside: { type: 'string', default: '' },
    // Folder of the files; its disk determines the cost of a commit.
    dir: { type: 'string', default: tmpdir() },
  },
});

const TASKS = ['A', 'B', 'C', 'D'];
const STEPS = ['start', ...TASKS, 'end'];
const BPMN = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:bench">
  <process id="bench" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="start"/><endEvent id="end"/>
    ${TASKS.map((id) => `<serviceTask id="${id}" camunda:type="external" camunda:topic="bench-${id}"/>`).join('')}
    ${STEPS.slice(1)
      .map((id, at) => `<sequenceFlow id="f${at}" sourceRef="${STEPS[at]}" targetRef="${id}"/>`)
      .join('')}
  </process>
</definitions>`;

const VARIABLES = { userId: { value: 'user-123', type: 'String' }, amount: { value: 12, type: 'Integer' } };

/** An engine by the name of its store, its REST API, and how to end it. */
async function openEngine(store) {
  const folder = mkdtempSync(join(values.dir, 'client-bench-'));
  const engine = await openEmbeddedEngine({ dataDir: store === 'sqlite' ? folder : null });
  const server = await startEngineServer({ engine, port: 0 });
  const router = createRouter(engine, (error) => console.error(error));
  return {
    router,
    baseUrl: server.baseUrl,
    close: async () => {
      await server.close();
      await engine.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** POST of JSON, with or without a socket. Both return what the JavaScript client expects from its own `request`. */
function inProcess(router) {
  return async (method, path, json, onDisconnect = () => {}) => {
    const { status, body } = await router.dispatch({
      method,
      url: `/engine-rest${path}`,
      body: json === undefined ? { kind: 'none' } : { kind: 'json', value: json },
      origin: 'http://inproc',
      sharesProcess: true,
      onDisconnect,
    });
    if (status >= 400) throw new Error(`${path} was answered ${status}`);
    return body.kind === 'json' ? body.value : undefined;
  };
}

function overHttp(baseUrl, dispatcher) {
  return async (method, path, json) => {
    const { statusCode, body } = await request(`${baseUrl}${path}`, {
      method,
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    const text = await body.text();
    if (statusCode >= 400) throw new Error(`${path} was answered ${statusCode}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

async function deploy(baseUrl) {
  const form = new FormData();
  form.append('deployment-name', 'bench');
  form.append('bench.bpmn', new Blob([BPMN]), 'bench.bpmn');
  const response = await fetch(`${baseUrl}/deployment/create`, { method: 'POST', body: form });
  if (!response.ok) throw new Error(await response.text());
}

/** Starts instances and lets clients execute them; an instance ends with the completion of its last task. */
class Bench {
  ended = new Map();
  clients = [];
  latencies = [];

  constructor(baseUrl, send, isInProcess) {
    this.send = send;
    for (const worker of ['one', 'two']) {
      const client = new Client({
        baseUrl,
        workerId: `bench-${worker}`,
        maxTasks: 50,
        maxParallelExecutions: 1_000,
        interval: 0,
        asyncResponseTimeout: 2_000,
        lockDuration: 30_000,
        autoPoll: false,
        usePriority: false,
      });
      if (isInProcess)
        client.engineService.request = (method, path, options) => send(method, path, options?.json);
      for (const id of TASKS) {
        client.subscribe(`bench-${id}`, { variables: ['amount'] }, async ({ task, taskService }) => {
          await taskService.complete(task);
          if (id === 'D') this.ended.get(task.businessKey)?.();
        });
      }
      client.start();
      this.clients.push(client);
    }
  }

  async run(concurrency, milliseconds) {
    this.latencies = [];
    const began = performance.now();
    await Promise.all(
      Array.from({ length: concurrency }, async (_, at) => {
        for (let n = 0; performance.now() - began < milliseconds; n += 1) {
          const businessKey = `${began}-${at}-${n}`;
          const sent = performance.now();
          const ended = new Promise((resolve) => this.ended.set(businessKey, resolve));
          await this.send('POST', '/process-definition/key/bench/start', {
            businessKey,
            variables: VARIABLES,
          });
          await ended;
          this.ended.delete(businessKey);
          this.latencies.push(performance.now() - sent);
        }
      }),
    );
    return performance.now() - began;
  }

  /** Waiting polls end by themselves. */
  async stop() {
    for (const client of this.clients) client.stop();
    await new Promise((resolve) => setTimeout(resolve, 2_200));
  }
}

async function measure(name, bench) {
  await bench.run(20, 1_500);
  for (const concurrency of values.concurrency.split(',').map(Number)) {
    const elapsed = await bench.run(concurrency, Number(values.seconds) * 1_000);
    const { latencies } = bench;
    latencies.sort((a, b) => a - b);
    const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2);
    console.log(
      `${name.padEnd(18)} ${String(concurrency).padStart(4)} in flight ${String(Math.round((latencies.length / elapsed) * 1_000)).padStart(6)} processes/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`,
    );
  }
  await bench.stop();
}

for (const store of values.engines.split(',').filter(Boolean)) {
  for (const transport of values.transports.split(',').filter(Boolean)) {
    const engine = await openEngine(store);
    await deploy(engine.baseUrl);
    const dispatcher = new Agent({ connections: 500 });
    const send = transport === 'inproc' ? inProcess(engine.router) : overHttp(engine.baseUrl, dispatcher);
    await measure(`${store} ${transport}`, new Bench(engine.baseUrl, send, transport === 'inproc'));
    await dispatcher.close();
    await engine.close();
  }
}
for (const target of values.beside.split(',').filter(Boolean)) {
  const engine = await startRealEngine(target);
  try {
    await deploy(engine.baseUrl);
    const dispatcher = new Agent({ connections: 500 });
    await measure(`${target} http`, new Bench(engine.baseUrl, overHttp(engine.baseUrl, dispatcher), false));
    await dispatcher.close();
  } finally {
    await engine.stop();
  }
}
