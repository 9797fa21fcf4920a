// A separate Redis server, for a machine without one and for tests that stop or pause the server.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free.port.mjs';

const PROGRAM = 'redis-server';

/** How long a server may take to answer, in ms. */
const START_MS = 50_000;

/** Whether `redis-server` is in PATH. */
export function hasRedis() {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, PROGRAM), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Starts a server on a free loopback port, without persistence.
 *
 * @param {readonly string[]} parameters more command line parameters, such as `--requirepass` and a password
 * @throws Error if Redis is not installed
 */
export async function startRedis(parameters = []) {
  return start(['--save', '', '--appendonly', 'no', ...parameters]);
}

/**
 * Starts a Sentinel on a free loopback port, which needs a file that it can write.
 *
 * @param {string} configuration the content of its file, such as `sentinel monitor main 127.0.0.1 6379 1`
 * @throws Error if Redis is not installed
 */
export async function startSentinel(configuration) {
  return start(['--sentinel'], configuration);
}

async function start(parameters, configuration = null) {
  if (!hasRedis()) throw new Error(`Redis is not installed: ${PROGRAM} is not in PATH.`);
  const server = new RedisServer(await freePort(), parameters);
  if (configuration !== null) server.configure(configuration);
  await server.start();
  return server;
}

class RedisServer {
  host = '127.0.0.1';
  process = null;
  output = '';

  constructor(port, parameters) {
    this.port = port;
    this.parameters = parameters;
    this.folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-redis-'));
  }

  configure(text) {
    const file = join(this.folder, 'redis.conf');
    writeFileSync(file, text);
    this.parameters = [file, ...this.parameters];
  }

  get url() {
    return `redis://${this.host}:${this.port}`;
  }

  get isRunning() {
    const { process: server } = this;
    return server !== null && server.exitCode === null && server.signalCode === null;
  }

  /** Starts the server on its port, also after a stop; its data is empty then. */
  async start() {
    if (this.isRunning) return;
    this.output = '';
    const server = spawn(
      PROGRAM,
      // First, because a file of the configuration stands before all options.
      [...this.parameters, '--bind', this.host, '--port', String(this.port)],
      { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.process = server;
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk) => {
        this.output = (this.output + chunk).slice(-20_000);
      });
    const exited = new Promise((resolve) => {
      server.once('error', resolve);
      server.once('exit', resolve);
    });
    const until = Date.now() + START_MS;
    while (this.isRunning && Date.now() < until) {
      if (await answers(this.host, this.port)) return;
      await Promise.race([exited, delay(20)]);
    }
    await this.stop();
    throw new Error(`Redis does not start:\n${this.output}`);
  }

  /** Ends the server with SIGKILL: its connections are reset and its data is lost. */
  async stop() {
    if (!this.isRunning) return;
    const exited = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await exited;
  }

  /** Stops the process with SIGSTOP: connections stay open, and nothing is answered. */
  pause() {
    this.process.kill('SIGSTOP');
  }

  /** Continues a paused server. */
  resume() {
    this.process.kill('SIGCONT');
  }

  /** Ends the server and removes its folder. */
  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether a server answers PING, be it with a request for the password. */
function answers(host, port) {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (data) => {
      socket.destroy();
      resolve(/^(\+PONG|-(NOAUTH|NOPERM))/.test(String(data)));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(false));
  });
}
