// Runs a real engine until a signal: node test/reference-engines/run-engine.mjs camunda7|operaton
// Prints its base URL, for CAMUNDA_BASE_URL.
import { REAL_ENGINES, startRealEngine } from './real-engine.mjs';

const [target] = process.argv.slice(2);
if (!REAL_ENGINES.includes(target)) {
  console.error(`usage: node test/reference-engines/run-engine.mjs ${REAL_ENGINES.join('|')}`);
  process.exit(2);
}
const engine = await startRealEngine(target);
console.log(engine.baseUrl);
const alive = setInterval(() => {}, 60_000);
await new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
clearInterval(alive);
await engine.stop();
