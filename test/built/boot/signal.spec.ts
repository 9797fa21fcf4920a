import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ensureBuilt } from '../../support/built-service.js';

const SERVICE = ['dist/src/main.js'];
const ENGINE = ['dist/src/embedded-engine/main.js', '--port', '0', '--data'];
const PRELOAD = pathToFileURL('test/built/boot/signal-at.mjs').href;

let parent: string;
let dataDir: string;
let child: ChildProcess | undefined;

beforeAll(() => {
  ensureBuilt();
}, 120_000);

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'boot-signal-'));
  dataDir = join(parent, 'data');
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(parent, { recursive: true });
});

/** Boots a program that gets the signal at a point of its boot. */
async function bootAndStop(program: readonly string[], signal: string, at: string) {
  const folder = program === ENGINE ? [dataDir] : [];
  const started = spawn(process.execPath, ['--import', PRELOAD, ...program, ...folder], {
    env: {
      PATH: process.env.PATH ?? '',
      HOST: '127.0.0.1',
      PORT: '0',
      EMBEDDED_ENGINE_PORT: '0',
      DATA_DIR: dataDir,
      SIGNAL: signal,
      SIGNAL_AT: at,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code, endedBy] = (await once(started, 'close')) as [number | null, string | null];
  return { code, endedBy, reached: output.includes(`reached ${at}`), stack: /^\s+at .*$/m.exec(output) };
}

it.each([
  ['the service', 'SIGTERM', 'listens to signals', SERVICE, 'handlers#1'],
  ['the service', 'SIGINT', 'takes the lock of its file', SERVICE, 'folder#1'],
  ['the service', 'SIGTERM', 'starts its first thread', SERVICE, 'thread#1'],
  ['the service', 'SIGTERM', 'starts its engine', SERVICE, 'listen#1'],
  ['the service', 'SIGINT', 'begins to listen', SERVICE, 'listen#2'],
  ['the engine', 'SIGTERM', 'listens to signals', ENGINE, 'handlers#1'],
  ['the engine', 'SIGINT', 'takes the lock of its file', ENGINE, 'folder#1'],
  ['the engine', 'SIGTERM', 'begins to listen', ENGINE, 'listen#1'],
])(
  '%s ends in order, with exit code 0, at a %s when it %s',
  async (_who, signal, _when, program, at) => {
    expect(await bootAndStop(program, signal, at)).toEqual({
      code: 0,
      endedBy: null,
      reached: true,
      stack: null,
    });
  },
  120_000,
);
