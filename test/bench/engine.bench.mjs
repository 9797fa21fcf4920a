// npm run bench:engine [-- --store memory,sqlite --seconds 5 --concurrency 1,50,500 --parked 10000,100000]
//
// Drives the built embedded engine through its services in this process, without REST: processes of four external
// tasks in a row, each fetched by a long poll. It measures the longest pause of the event loop with 10 000 of them, the
// heap of a waiting instance and of an ended one, and with SQLite the time to open the engine with the waiting instances. Machines differ and are noisy: compare rows of one run, or two builds run in turn.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { engineFilePath, openEmbeddedEngine } from '../../dist/src/embedded-engine/engine.factory.js';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'memory,sqlite' },
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '1,50,500' },
    parked: { type: 'string', default: '10000,100000' },
    // Folder of the files; its disk determines the cost of a commit.
    dir: { type: 'string', default: tmpdir() },
  },
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Requests that a server can receive in one turn of the event loop. */
const AT_ONCE = 50;

const TASKS = ['A', 'B', 'C', 'D'];
const ids = ['start', ...TASKS, 'end'];
const BPMN = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:bench">
  <process id="bench" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="start"/><endEvent id="end"/>
    ${TASKS.map((id) => `<serviceTask id="${id}" camunda:type="external" camunda:topic="${id}"/>`).join('')}
    ${ids
      .slice(1)
      .map((id, at) => `<sequenceFlow id="f${at}" sourceRef="${ids[at]}" targetRef="${id}"/>`)
      .join('')}
  </process>
</definitions>`;

const VARIABLES = new Map(
  Object.entries({ userId: 'user-123', email: 'user@example.com', batchId: 'batch-1' }).map(
    ([name, value]) => [name, { type: 'String', value, valueInfo: {} }],
  ),
);

function numbers(text) {
  return text.split(',').filter(Boolean).map(Number);
}

/** Calls `use` with an engine on a new folder, and removes the folder. */
async function withEngine(store, use) {
  const folder = mkdtempSync(join(values.dir, 'engine-bench-'));
  try {
    const dataDir = store === 'sqlite' ? folder : null;
    const engine = await openEmbeddedEngine({ dataDir });
    const { definitions } = await engine.repository.deploy({
      name: 'bench',
      source: null,
      tenantId: null,
      enableDuplicateFiltering: false,
      deployChangedOnly: false,
      resources: [{ name: 'bench.bpmn', bytes: Buffer.from(BPMN) }],
    });
    await use(engine, definitions[0].id, dataDir);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureRate(store, concurrency) {
  await withEngine(store, async (engine, definitionId) => {
    const load = new Load(engine, definitionId);
    await load.run(concurrency, (_started, elapsed) => elapsed < 1_000);
    load.latencies = [];
    const elapsed = await load.run(concurrency, (_started, sofar) => sofar < Number(values.seconds) * 1_000);
    await load.close();
    const { latencies } = load;
    latencies.sort((a, b) => a - b);
    const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2);
    print(
      store,
      `${concurrency} in flight`,
      `${String(Math.round((latencies.length / elapsed) * 1_000)).padStart(6)} processes/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`,
    );
  });
}

/** Keeps a number of instances in flight, with at most as many starts per turn of the event loop as a server receives. */
async function measurePause(store, count) {
  await withEngine(store, async (engine, definitionId) => {
    const load = new Load(engine, definitionId, AT_ONCE);
    const turns = new Turns();
    const elapsed = await load.run(
      count,
      (started) => started < count,
      (starter) => turns.after(Math.floor(starter / AT_ONCE)),
    );
    const longest = turns.stop();
    await load.close();
    print(
      store,
      `${count} at once`,
      `longest pause of the event loop ${longest.toFixed(0)} ms, in ${Math.round(elapsed)} ms`,
    );
  });
}

/** Turns of the event loop, and the longest time between two of them. */
class Turns {
  longest = 0;
  last = performance.now();
  count = 0;
  waiting = new Map();
  next = setImmediate(() => this.turn());

  turn() {
    this.note();
    this.count += 1;
    for (const resolve of this.waiting.get(this.count) ?? []) resolve();
    this.waiting.delete(this.count);
    this.next = setImmediate(() => this.turn());
  }

  note() {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
  }

  async after(turn) {
    if (turn <= this.count) return;
    await new Promise((resolve) => {
      this.waiting.set(turn, [...(this.waiting.get(turn) ?? []), resolve]);
    });
  }

  stop() {
    clearImmediate(this.next);
    this.note();
    return this.longest;
  }
}

async function measureParked(store, count) {
  await withEngine(store, async (engine, definitionId, dataDir) => {
    const before = heap();
    for (let left = count; left > 0; left -= 500) {
      await Promise.all(
        Array.from({ length: Math.min(left, 500) }, (_, n) =>
          engine.runtime.startProcessInstance(definitionId, {
            businessKey: `key-${left - n}`,
            variables: VARIABLES,
          }),
        ),
      );
    }
    const parked = heap();
    print(store, `${count} parked`, `${kilobytes(parked - before, count)} kB each with its history`);
    if (dataDir === null) {
      await engine.close();
      return;
    }
    await engine.close();
    const bytes = statSync(engineFilePath(dataDir)).size;
    const began = performance.now();
    const again = await openEmbeddedEngine({ dataDir });
    const opened = performance.now() - began;
    const load = new Load(again, definitionId);
    const elapsed = await load.finish(count);
    print(
      store,
      `${count} parked`,
      `${kilobytes(bytes, count)} kB each in the file   opened in ${Math.round(opened)} ms   finished in ${Math.round(elapsed)} ms`,
    );
    await load.close();
  });
}

/** Starters, and one worker that completes all its fetched tasks at once. */
class Load {
  latencies = [];
  ends = new Map();
  ended = 0;
  onEnd = () => undefined;

  /** @param atOnce tasks fetched at once; given: a turn of the event loop between the fetches */
  constructor(engine, definitionId, atOnce) {
    this.atOnce = atOnce;
    this.engine = engine;
    this.definitionId = definitionId;
    this.worker = this.work();
  }

  /** @returns milliseconds */
  async run(concurrency, goesOn, before = () => undefined) {
    const began = performance.now();
    let started = 0;
    const starter = async (_, at) => {
      await before(at);
      while (goesOn(started, performance.now() - began)) {
        started += 1;
        const sent = performance.now();
        const { id } = await this.engine.runtime.startProcessInstance(this.definitionId, {
          businessKey: `key-${started}`,
          variables: VARIABLES,
        });
        await new Promise((resolve) => this.ends.set(id, resolve));
        this.latencies.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, starter));
    return performance.now() - began;
  }

  /** Waits until the running instances have ended. */
  async finish(count) {
    const began = performance.now();
    await new Promise((resolve) => {
      this.onEnd = () => {
        if (this.ended === count) resolve();
      };
      this.onEnd();
    });
    return performance.now() - began;
  }

  async work() {
    for (;;) {
      const { tasks } = this.engine.externalTasks.fetchAndLock({
        workerId: 'bench',
        maxTasks: this.atOnce ?? 500,
        usePriority: true,
        asyncResponseTimeout: 20_000,
        createTime: null,
        topics: TASKS.map((topicName) => ({ topicName, lockDuration: 20_000 })),
      });
      const fetched = await tasks.catch(() => null);
      if (fetched === null) return;
      for (const task of fetched) void this.complete(task);
      if (this.atOnce !== undefined) await new Promise(setImmediate);
    }
  }

  async complete(task) {
    await this.engine.externalTasks.complete(task.id, {
      workerId: 'bench',
      variables: new Map([['result', { type: 'String', value: task.topicName, valueInfo: {} }]]),
      localVariables: new Map(),
    });
    if (task.topicName !== 'D') return;
    this.ended += 1;
    this.ends.get(task.processInstanceId)?.();
    this.ends.delete(task.processInstanceId);
    this.onEnd();
  }

  async close() {
    await this.engine.close();
    await this.worker;
  }
}

function heap() {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function kilobytes(bytes, count) {
  return (bytes / count / 1_000).toFixed(2);
}

function print(store, what, figures) {
  console.log(`${store.padEnd(7)} ${what.padEnd(15)} ${figures}`);
}

for (const store of values.store.split(',')) {
  for (const concurrency of numbers(values.concurrency)) await measureRate(store, concurrency);
  await measurePause(store, 10_000);
  for (const parked of numbers(values.parked)) await measureParked(store, parked);
}
