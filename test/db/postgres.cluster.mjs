// A separate PostgreSQL server, for a machine without one and for tests that kill the server.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../support/free.port.mjs';

/** The folder of Debian's packages for the programs of the server, with a folder for each version. */
const DEBIAN = '/usr/lib/postgresql';

const START_MS = 60_000;

/**
 * Starts a server on a free loopback port, with an empty cluster in a temporary folder.
 *
 * @throws Error if PostgreSQL is not installed
 */
export async function startCluster() {
  const programs = findPrograms();
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? idsOf('postgres') : {};
  const { folder, data } = newFolder(user);
  execFileSync(join(programs, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8'], {
    ...user,
    stdio: 'ignore',
    cwd: folder,
  });
  const cluster = new Cluster(join(programs, 'postgres'), folder, data, await freePort(), user);
  await cluster.start();
  return cluster;
}

/** A temporary folder of a user of the operating system, and the place of a cluster in it. */
function newFolder({ uid, gid }) {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-pg-'));
  if (uid !== undefined) chownSync(folder, uid, gid);
  return { folder, data: join(folder, 'data') };
}

class Cluster {
  host = '127.0.0.1';
  user = 'postgres';
  process = null;
  /** Stopped processes, which do not notice that their server was killed. */
  frozen = [];

  constructor(program, folder, data, port, owner) {
    Object.assign(this, { program, folder, data, port, owner });
  }

  /** Starts the server on its cluster; shared memory of a killed server may take a moment to disappear. */
  async start() {
    const until = Date.now() + START_MS;
    while (Date.now() < until) {
      this.process = spawn(
        this.program,
        ['-D', this.data, '-h', this.host, '-p', String(this.port), '-c', 'unix_socket_directories='],
        { ...this.owner, cwd: this.folder, stdio: 'ignore' },
      );
      const exited = new Promise((resolve) => this.process.once('exit', () => resolve('exited')));
      while (Date.now() < until) {
        if (await this.accepts()) return;
        if ((await Promise.race([exited, delay(50)])) === 'exited') break;
      }
      await delay(100);
    }
    throw new Error('PostgreSQL does not start.');
  }

  /** Ends the server with SIGKILL: nothing is flushed, and clients get no notice. */
  async kill() {
    const { process: server } = this;
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await exited;
    for (const pid of this.frozen.splice(0)) signal(pid, 'SIGKILL');
  }

  /** Kills the server and starts it again. @param ms minimum downtime */
  async restart(ms) {
    await this.kill();
    await delay(ms);
    await this.start();
  }

  /** The rows of a statement, as the superuser. */
  async rows(sql) {
    const client = new pg.Client({ host: this.host, port: this.port, user: this.user, database: 'postgres' });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts a standby: from then on this server confirms a commit when the standby has it, too. */
  async addStandby() {
    const { program, owner, host, port, user } = this;
    const { folder, data } = newFolder(owner);
    execFileSync(
      // Beside the server itself; PATH may have a link to that.
      join(dirname(realpathSync(program)), 'pg_basebackup'),
      ['-h', host, '-p', String(port), '-U', user, '-D', data, '-R', '-X', 'stream', '-c', 'fast'],
      { ...owner, stdio: 'ignore', cwd: folder },
    );
    const standby = new Cluster(program, folder, data, await freePort(), owner);
    await standby.start();
    await this.rows("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await this.rows('SELECT pg_reload_conf()');
    const until = Date.now() + START_MS;
    while ((await this.rows("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 0) {
      if (Date.now() > until) throw new Error('The standby does not follow its primary.');
      await delay(50);
    }
    return standby;
  }

  /** Makes a standby the primary. */
  async promote() {
    await this.rows('SELECT pg_promote(true, 60)');
  }

  /** Stops all processes of the server: connections stay open, and nothing is answered. A kill still ends them. */
  async freeze() {
    const backends = await this.rows('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
    this.frozen = backends.map(({ pid }) => pid);
    for (const pid of [this.process.pid, ...this.frozen]) signal(pid, 'SIGSTOP');
  }

  /** Ends the server and removes the cluster. */
  async remove() {
    if (this.frozen.length > 0) await this.kill();
    const { process: server } = this;
    if (server !== null && server.exitCode === null && server.signalCode === null) {
      const exited = new Promise((resolve) => server.once('exit', resolve));
      // Immediate shutdown: its own processes go with it.
      server.kill('SIGQUIT');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async accepts() {
    const client = new pg.Client({
      host: this.host,
      port: this.port,
      user: this.user,
      database: 'postgres',
      connectionTimeoutMillis: 1_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      return false;
    }
  }
}

/** Signals a process unless it has ended. */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function findPrograms() {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...(existsSync(DEBIAN)
      ? readdirSync(DEBIAN)
          .sort((a, b) => Number(b) - Number(a))
          .map((version) => join(DEBIAN, version, 'bin'))
      : []),
  ];
  const found = folders.find(
    (each) => existsSync(join(each, 'initdb')) && existsSync(join(each, 'postgres')),
  );
  if (found === undefined)
    throw new Error('PostgreSQL is not installed: initdb and postgres are not in PATH.');
  return found;
}

function idsOf(name) {
  const id = (option) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
