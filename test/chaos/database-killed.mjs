// npm run test:database-killed [-- --kills 5 --seed 1]
//
// Kills PostgreSQL under load and starts it again, while the process of the service stays the same: no outcome that a
// client received is lost, every trail is in order, and the service continues by itself. Prints lines of the Test Anything Protocol.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spawnService } from './children.mjs';
import { openDatabase } from './database.mjs';
import { Load } from './load.mjs';
import { randomOf } from './random.mjs';
import { findContradictions, openWork } from './verify.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

/** Time limits for serving again after a kill, and for finishing all work at the end, in ms. */
const RECOVERY_MS = 30_000;
const END_MS = 60_000;

let failures = 0;

const random = randomOf(Number(values.seed));
const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-killed-'));
const database = await openDatabase('postgres', dataDir);
const service = spawnService({
  DATA_DIR: dataDir,
  LOG_LEVEL: 'warn',
  SYNC_TIMEOUT_MS: '2000',
  CAMUNDA_TASK_RETRIES: '50',
  WRITE_WAIT_MS: '2000',
  ...database.env,
});
const load = new Load(random, { lanes: 12, name: `killed-${values.seed}` });
console.log(`# PostgreSQL killed under load, seed ${values.seed}`);
try {
  const baseUrl = await service.listening;
  const engineUrl = /engine at (http:[^;\s]+);/.exec(service.output)[1];
  load.baseUrl = baseUrl;
  for (let kill = 1; kill <= Number(values.kills); kill += 1) {
    await moreOutcomes(load);
    await database.disturb(random() * 3_000);
    const isBack = await moreOutcomes(load);
    report(isBack, `serves again after kill ${kill}, without a restart`, service.output.slice(-2_000));
  }
  await load.stop();
  const until = Date.now() + END_MS;
  while ((await openWork(database, engineUrl)) > 0 && Date.now() < until) await delay(250);
  const contradictions = await findContradictions(load.ledger, database, engineUrl);
  const { requests, unanswered } = load.ledger;
  console.log(
    `# ${requests} requests, ${unanswered} without an answer, ${outcomesOf(load)} outcomes returned`,
  );
  report((await openWork(database, engineUrl)) === 0, 'every process ends', 'some are open');
  report(service.isAlive, 'the service was not restarted', service.output.slice(-2_000));
  report(
    contradictions.length === 0,
    'no response contradicts the final state',
    contradictions.slice(0, 30).join('\n'),
  );
} finally {
  load.stopped = true;
  await service.kill();
  await load.stop();
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

function outcomesOf({ ledger }) {
  return [...ledger.entries.values()].filter(({ outcomes }) => outcomes.size > 0).length;
}

/** Waits until clients have received fifty more outcomes; false after the time limit. */
async function moreOutcomes(load) {
  const enough = outcomesOf(load) + 50;
  const until = Date.now() + RECOVERY_MS;
  while (outcomesOf(load) < enough) {
    if (Date.now() > until) return false;
    await delay(50);
  }
  return true;
}

function report(isOk, name, detail) {
  if (!isOk) failures += 1;
  console.log(`${isOk ? 'ok' : 'not ok'} - ${name}`);
  if (!isOk) console.log(String(detail).replaceAll(/^/gm, '# '));
}
