// Builds, starts and stops the real engines of test/reference-engines/: Camunda 7.24.0 and Operaton 1.0.3, each a Spring Boot
// jar with its database in memory; engine-cluster.mjs starts several over one PostgreSQL. Needs Java 17, Maven 3.8 and, for the first build, Maven Central.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The engines that can be started, by the names of their folders. */
export const REAL_ENGINES = ['camunda7', 'operaton'];

/** The first build downloads some 150 MB. */
const BUILD_LIMIT_MS = 600_000;
/** Eight seconds on two idle cores; minutes on a busy machine. */
const START_LIMIT_MS = 400_000;
const STOP_LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 100;
/** Without a limit the heap grows to a quarter of the machine's memory. */
const JAVA_FLAGS = ['-Xmx2g', '-Dengine.endsWithInput=true'];
/** How much of a program's output an error shows, characters. */
const OUTPUT_SHOWN = 4_000;

const folderOf = (target) => fileURLToPath(new URL(`${target}/`, import.meta.url));

/**
 * Builds the jar of an engine unless a jar of the same sources exists.
 *
 * @param {string} target one of REAL_ENGINES
 * @returns {Promise<string>} the path of the jar
 * @throws an Error that shows the output of Maven
 */
async function buildRealEngine(target) {
  if (!REAL_ENGINES.includes(target)) {
    throw new Error(`There is no engine '${target}': choose one of ${REAL_ENGINES.join(', ')}`);
  }
  const folder = folderOf(target);
  const jar = join(folder, 'target', 'engine.jar');
  const stamp = join(folder, 'target', 'engine.jar.sources');
  const sources = digestOf(folder);
  if (existsSync(jar) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return jar;
  await runMaven(target, folder);
  writeFileSync(stamp, sources);
  return jar;
}

/**
 * Reaches an engine: the one at CAMUNDA_BASE_URL if it is set, otherwise one that this function starts.
 *
 * @param {string} target one of REAL_ENGINES
 * @returns {Promise<{ baseUrl: string, stop: () => Promise<void> }>} `stop` leaves an engine alone that ran before
 * @throws an Error that shows what Maven or the engine printed
 */
export async function reachRealEngine(target) {
  const baseUrl = process.env.CAMUNDA_BASE_URL;
  return baseUrl ? { baseUrl, stop: async () => {} } : startRealEngine(target);
}

/**
 * Starts an engine on a free port of 127.0.0.1, builds it first if needed, and waits until its REST API responds.
 * It ends with this process at the latest.
 *
 * @param {string} target one of REAL_ENGINES
 * @param {Record<string, string>} [variables] environment variables that replace properties of its application.yml
 * @returns {Promise<{ baseUrl: string, stop: () => Promise<void>, kill: () => Promise<void> }>}
 *   `http://127.0.0.1:PORT/engine-rest`; `stop` and `kill` (SIGKILL) settle when the engine's process has ended
 * @throws an Error that shows the output of Maven or the engine
 */
export async function startRealEngine(target, variables = {}) {
  const jar = await buildRealEngine(target);
  const engine = new Program('java', [...JAVA_FLAGS, '-jar', jar, '--server.port=0'], {
    env: { ...process.env, ...variables },
  });
  try {
    const port = await engine.said(/Tomcat started on port (\d+)/, START_LIMIT_MS);
    const baseUrl = `http://127.0.0.1:${port}/engine-rest`;
    await engine.until(() => answers(`${baseUrl}/version`), START_LIMIT_MS);
    return { baseUrl, stop: () => engine.stop(), kill: () => engine.kill() };
  } catch (error) {
    await engine.stop();
    throw new Error(`${target} did not start: ${error.message}\n${engine.output}`, { cause: error });
  }
}

function digestOf(folder) {
  const files = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const hash = createHash('sha256');
  for (const file of [join(folder, 'pom.xml'), ...files.sort()]) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

async function runMaven(target, folder) {
  const maven = new Program('mvn', ['--batch-mode', '--no-transfer-progress', 'clean', 'package'], {
    cwd: folder,
  });
  const code = await maven.ended(BUILD_LIMIT_MS);
  if (code !== 0) throw new Error(`${target} could not be built (mvn ended with ${code}):\n${maven.output}`);
}

async function answers(url) {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** A child process with its output. */
class Program {
  output = '';
  #child;
  #exit;
  #hasEnded = false;

  constructor(command, args, options) {
    // The pipe to its standard input stays open as long as this process lives.
    this.#child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-OUTPUT_SHOWN);
      });
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.output += `${command}: ${error.message}`;
        resolve(-1);
      });
      this.#child.once('close', (code, signal) => resolve(code ?? signal));
    }).then((code) => {
      this.#hasEnded = true;
      return code;
    });
  }

  /** Its exit code, or the signal that ended it. */
  async ended(limitMs) {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    try {
      return await this.#exit;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first group of a pattern, once its output has it. */
  async said(pattern, limitMs) {
    await this.until(() => pattern.test(this.output), limitMs);
    return pattern.exec(this.output)[1];
  }

  /** Settles when a condition holds; fails if the program ends first or the time limit passes. */
  async until(holds, limitMs) {
    const deadline = Date.now() + limitMs;
    while (!(await holds())) {
      if (this.#hasEnded) throw new Error(`it ended with ${await this.#exit}`);
      if (Date.now() > deadline) throw new Error(`it was not ready after ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await this.ended(STOP_LIMIT_MS);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
