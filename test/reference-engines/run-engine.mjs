// Runs a real engine until a signal: node test/reference-engines/run-engine.mjs camunda7|operaton
// or several nodes of Operaton over one PostgreSQL: node test/reference-engines/run-engine.mjs operaton-cluster [nodes]
// Prints the base URL, for CAMUNDA_BASE_URL; of a cluster that of the load balancer first, then those of the nodes.
import { startEngineCluster } from './engine-cluster.mjs';
import { REAL_ENGINES, startRealEngine } from './real-engine.mjs';

const CLUSTER = 'operaton-cluster';

const [target, nodes = '2'] = process.argv.slice(2);
if (![...REAL_ENGINES, CLUSTER].includes(target) || !/^[1-9]$/.test(nodes)) {
  console.error(
    `usage: node test/reference-engines/run-engine.mjs ${REAL_ENGINES.join('|')}|${CLUSTER} [nodes]`,
  );
  process.exit(2);
}
// Before the start, so that a signal during it still stops the nodes and drops their database.
const signalled = new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
const alive = setInterval(() => {}, 60_000);
const engine = target === CLUSTER ? await startEngineCluster(Number(nodes)) : await startRealEngine(target);
for (const url of [engine.baseUrl, ...(engine.baseUrls ?? [])]) console.log(url);
await signalled;
clearInterval(alive);
await engine.stop();
