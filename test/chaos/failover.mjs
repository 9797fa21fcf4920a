// npm run test:failover [-- --failovers 4 --within 10 --seed 1]
//
// A failover of PostgreSQL between two addresses under load: a primary and a standby with synchronous replication are
// behind one address, as behind a listener or a virtual address. In turn the primary is killed, or it freezes and answers
// nothing; its connections are not closed. New connections lead to the standby before it is promoted. The process of the
// service stays the same: nothing that a client received is lost, and starts are accepted again. Prints lines of the Test
// Anything Protocol.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCluster } from '../db/postgres.cluster.mjs';
import { spawnService } from './children.mjs';
import { Load } from './load.mjs';
import { randomOf } from './random.mjs';
import { checkFinalState, countsOf, moreOutcomes, Report } from './report.mjs';

const { values } = parseArgs({
  options: {
    failovers: { type: 'string', default: '2' },
    // Generous by default, for a machine that does something else as well.
    within: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const WITHIN_MS = Number(values.within) * 1_000;
/** How long outcomes may stay away, in ms. */
const RECOVERY_MS = 60_000;

/** Time limit for the end of all processes, in ms. */
const END_MS = 60_000;

const report = new Report();

/** One address; new connections lead to a server, and those to an earlier server stay as they are. */
class Listener {
  target = null;
  sockets = new Set();

  async open() {
    this.server = createServer((client) => {
      const { target } = this;
      const database = connect(target.port, target.host);
      const end = () => {
        client.destroy();
        database.destroy();
      };
      for (const socket of [client, database]) {
        this.sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', () => {
          this.sockets.delete(socket);
          end();
        });
      }
      client.pipe(database);
      database.pipe(client);
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server?.close();
  }
}

const random = randomOf(Number(values.seed));
const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-failover-'));
const clusters = [];
const listener = new Listener();
let [primary, standby, service, load] = [null, null, null, null];
const database = { rows: (sql) => primary.rows(sql) };
console.log(`# PostgreSQL fails over under load, seed ${values.seed}`);
for (const name of ['SIGINT', 'SIGTERM'])
  process.once(name, () => void closeAll().finally(() => process.exit(1)));
try {
  primary = await startCluster();
  clusters.push(primary);
  standby = await primary.addStandby();
  clusters.push(standby);
  listener.target = primary;
  await listener.open();
  service = spawnService({
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    SYNC_TIMEOUT_MS: '2000',
    CAMUNDA_TASK_RETRIES: '50',
    WRITE_WAIT_MS: '2000',
    DB_TYPE: 'postgres',
    DB_HOST: '127.0.0.1',
    DB_PORT: String(listener.port),
    DB_NAME: 'postgres',
    DB_USER: primary.user,
    DB_STATEMENT_TIMEOUT_MS: '2000',
    DB_CONNECT_TIMEOUT_MS: '1000',
  });
  const baseUrl = await service.listening;
  load = new Load(random, { lanes: 12, name: `failover-${values.seed}` });
  load.baseUrl = baseUrl;
  const engineUrl = /engine at (http:[^;\s]+);/.exec(service.output)[1];
  for (let number = 1; number <= Number(values.failovers); number += 1) {
    await moreOutcomes(load, 50, RECOVERY_MS);
    await delay(random() * 1_000);
    const isKill = number % 2 === 1;
    const before = countsOf(load.ledger).outcomes;
    const failedAt = performance.now();
    if (isKill) await primary.kill();
    else await primary.freeze();
    listener.target = standby;
    // As long as a cluster manager needs to decide; connections that come now lead to a server that takes no writes.
    await delay(1_000);
    await standby.promote();
    const promotedMs = Math.round(performance.now() - failedAt);
    const accepted = await untilAccepted(load.baseUrl, `after-${values.seed}-${number}`, failedAt);
    const what = isKill ? 'killed' : 'frozen';
    report.check(
      accepted !== null && accepted <= WITHIN_MS,
      `accepts starts again within ${values.within} s after failover ${number}, primary ${what}`,
      service.output.slice(-2_000),
    );
    const isBack = await moreOutcomes(load, 20, RECOVERY_MS);
    report.check(isBack, `returns outcomes again after failover ${number}`, service.output.slice(-2_000));
    const ms = accepted === null ? 'never' : `${Math.round(accepted)} ms`;
    console.log(
      `# primary ${what}: promoted after ${promotedMs} ms, the next start accepted after ${ms}, ${before} outcomes before`,
    );
    await primary.kill();
    primary = standby;
    if (number < Number(values.failovers)) {
      standby = await primary.addStandby();
      clusters.push(standby);
    }
  }
  await checkFinalState(report, { load, database, engineUrl, limitMs: END_MS });
  report.check(service.isAlive, 'the service was not restarted', service.output.slice(-2_000));
} finally {
  await closeAll();
}
process.exitCode = report.exitCode;

/** Ends all that was started, also frozen servers. */
async function closeAll() {
  if (load !== null) load.stopped = true;
  await service?.kill();
  await load?.stop();
  listener.close();
  for (const cluster of clusters.splice(0)) await cluster.remove();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Milliseconds from a moment to the first start that is accepted; null after the time limit. */
async function untilAccepted(baseUrl, name, since) {
  for (let n = 0; performance.now() - since < WITHIN_MS + RECOVERY_MS; n += 1) {
    try {
      const response = await fetch(`${baseUrl}/api/process/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=0' },
        body: JSON.stringify({
          processKey: 'onboard-user',
          correlationId: `${name}-${n}`,
          variables: { userId: `${name}-${n}`, email: 'user@example.com' },
        }),
        signal: AbortSignal.timeout(5_000),
      });
      await response.text();
      if (response.status === 200 || response.status === 202) return performance.now() - since;
    } catch {
      // No answer: the next one is asked.
    }
    await delay(50);
  }
  return null;
}
