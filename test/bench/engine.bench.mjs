// npm run bench:engine [-- --seconds 5 --concurrency 1,50 --parked 10000]
//
// Drives the built embedded engine through its services in this process, without REST: processes of four external
// tasks in a row, each fetched by a long poll, and the heap that an instance costs while it is parked and when it has
// become history. Machines differ and are noisy: compare rows of one run, or two builds run in turn.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openEmbeddedEngine } from '../../dist/src/embedded-engine/index.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '1,50' },
    parked: { type: 'string', default: '10000' },
  },
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

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

for (const concurrency of values.concurrency.split(',').map(Number)) {
  await measureRate(concurrency, 1);
  await measureRate(concurrency, Number(values.seconds), `${concurrency} in flight`);
}
await measureHeap(Number(values.parked));

async function open() {
  const engine = await openEmbeddedEngine();
  const { definitions } = await engine.repository.deploy({
    name: 'bench',
    source: null,
    tenantId: null,
    enableDuplicateFiltering: false,
    deployChangedOnly: false,
    resources: [{ name: 'bench.bpmn', bytes: Buffer.from(BPMN) }],
  });
  return { engine, definitionId: definitions[0].id };
}

/** One worker takes tasks of all topics; as many starters as there are instances in flight. */
async function measureRate(concurrency, seconds, name) {
  const { engine, definitionId } = await open();
  const began = performance.now();
  const until = began + seconds * 1_000;
  const latencies = [];
  const ends = new Map();
  const work = async () => {
    for (;;) {
      const { tasks } = engine.externalTasks.fetchAndLock({
        workerId: 'bench',
        maxTasks: 50,
        usePriority: true,
        asyncResponseTimeout: 20_000,
        createTime: null,
        topics: TASKS.map((topicName) => ({ topicName, lockDuration: 20_000 })),
      });
      for (const task of await tasks.catch(() => [null])) {
        if (task === null) return;
        await engine.externalTasks.complete(task.id, {
          workerId: 'bench',
          variables: new Map([['result', { type: 'String', value: task.topicName, valueInfo: {} }]]),
          localVariables: new Map(),
        });
        if (task.topicName === 'D') ends.get(task.processInstanceId)();
      }
    }
  };
  const worker = work();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) {
        const sent = performance.now();
        const { id } = await engine.runtime.startProcessInstance(definitionId, {
          businessKey: `key-${latencies.length}`,
          variables: VARIABLES,
        });
        await new Promise((resolve) => ends.set(id, resolve));
        ends.delete(id);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1_000;
  await engine.close();
  await worker;
  if (name === undefined) return;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2);
  console.log(
    `${name.padEnd(14)} ${String(Math.round(latencies.length / elapsed)).padStart(6)} processes/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`,
  );
}

async function measureHeap(count) {
  const { engine, definitionId } = await open();
  const before = heap();
  for (let n = 0; n < count; n += 1) {
    await engine.runtime.startProcessInstance(definitionId, {
      businessKey: `key-${n}`,
      variables: VARIABLES,
    });
  }
  const parked = heap();
  for (let left = count; left > 0;) {
    const { tasks } = engine.externalTasks.fetchAndLock({
      workerId: 'bench',
      maxTasks: 500,
      usePriority: false,
      asyncResponseTimeout: null,
      createTime: null,
      topics: TASKS.map((topicName) => ({ topicName, lockDuration: 20_000, variables: [] })),
    });
    for (const task of await tasks) {
      await engine.externalTasks.complete(task.id, {
        workerId: 'bench',
        variables: new Map(),
        localVariables: new Map(),
      });
      if (task.topicName === 'D') left -= 1;
    }
  }
  const ended = heap();
  console.log(
    `${count} parked   ${kilobytes(parked - before, count)} kB each with its history   ended ${kilobytes(ended - before, count)} kB each of history`,
  );
  await engine.close();
}

function heap() {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function kilobytes(bytes, count) {
  return (bytes / count / 1_000).toFixed(2);
}
