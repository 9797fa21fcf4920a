// Runs the conformance suite: npm run test:engine -- --target embedded|embedded-file|operaton|camunda7|all [arguments]
//
// Other arguments go to Jest; --target may be repeated, or be a list with commas. Real engines are
// built and started first, see test/reference-engines/; a single one is the engine at CAMUNDA_BASE_URL if that is set. Exits with
// the code of Jest, or with 1 if an engine does not start or no test ran.
import { fileURLToPath } from 'node:url';
import { runJest } from '../../scripts/lib/jest.mjs';
import { REAL_ENGINES, reachRealEngine, startRealEngine } from '../reference-engines/real-engine.mjs';

const TARGETS = ['embedded', 'embedded-file', ...REAL_ENGINES];
const CONFIG = fileURLToPath(new URL('jest.config.mjs', import.meta.url));

/** Separates `--target` from the arguments for Jest. */
function readArguments(args) {
  const targets = [];
  const forJest = [];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--target') targets.push(...(args[++at] ?? '').split(','));
    else if (args[at].startsWith('--target=')) targets.push(...args[at].slice('--target='.length).split(','));
    else forJest.push(args[at]);
  }
  const chosen = new Set(targets.flatMap((target) => (target === 'all' ? TARGETS : [target])));
  const unknown = [...chosen].filter((target) => !TARGETS.includes(target));
  if (chosen.size === 0 || unknown.length > 0) {
    console.error(
      `usage: npm run test:engine -- --target ${[...TARGETS, 'all'].join('|')} [arguments of Jest]`,
    );
    process.exit(2);
  }
  return { targets: [...chosen], forJest };
}

const { targets, forJest } = readArguments(process.argv.slice(2));
const running = [];
try {
  const realTargets = targets.filter((name) => REAL_ENGINES.includes(name));
  // CAMUNDA_BASE_URL can name one engine only.
  const open = realTargets.length === 1 ? reachRealEngine : startRealEngine;
  // In sequence: on two cores two parallel boots take longer.
  for (const target of realTargets) running.push({ target, engine: await open(target) });
  const engines = targets.map((target) => ({
    target,
    baseUrl: running.find((real) => real.target === target)?.engine.baseUrl ?? null,
  }));
  process.exitCode = await runJest(['--config', CONFIG, ...forJest], {
    ...process.env,
    CONFORMANCE_ENGINES: JSON.stringify(engines),
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await Promise.all(running.map(({ engine }) => engine.stop()));
}
