// npm run test:database-killed [-- --kills 5 --seed 1]
//
// Kills PostgreSQL under load and starts it again, while the process of the service stays the same: no outcome that a
// client received is lost, every trail is in order, and the service continues by itself. Prints lines of the Test Anything Protocol.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnService } from './children.mjs';
import { openDatabase } from './database.mjs';
import { Load } from './load.mjs';
import { randomOf } from './random.mjs';
import { checkFinalState, moreOutcomes, Report } from './report.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

/** Time limit for serving again after a kill, in ms. */
const RECOVERY_MS = 30_000;

/** Outcomes that clients receive between two kills. */
const OUTCOMES = 50;

/** Time limit for the end of all processes, in ms. */
const END_MS = 60_000;

const report = new Report();

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
    await moreOutcomes(load, OUTCOMES, RECOVERY_MS);
    await database.disturb(random() * 3_000);
    const isBack = await moreOutcomes(load, OUTCOMES, RECOVERY_MS);
    report.check(isBack, `serves again after kill ${kill}, without a restart`, service.output.slice(-2_000));
  }
  await checkFinalState(report, { load, database, engineUrl, limitMs: END_MS });
  report.check(service.isAlive, 'the service was not restarted', service.output.slice(-2_000));
} finally {
  load.stopped = true;
  await service.kill();
  await load.stop();
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exitCode = report.exitCode;
