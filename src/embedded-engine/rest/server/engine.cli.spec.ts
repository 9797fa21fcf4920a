import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  asksForUsage,
  EngineArgumentError,
  parseEngineArguments,
  runEngine,
  USAGE,
  type EngineHost,
} from './engine.cli.js';
import { RecordingEngine } from '../testing/recording.engine.js';

class ClosableEngine extends RecordingEngine {
  isClosed = false;

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** A process that runs until `end()`, and what it logged. */
class TestHost implements EngineHost {
  readonly engine = new ClosableEngine();
  readonly messages: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = [];
  readonly listening: Promise<string>;
  readonly ended: Promise<void>;
  end: () => void = () => {};
  private hasListened: (baseUrl: string) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.listening = new Promise((resolve) => (this.hasListened = resolve));
  }

  readonly open = async (): Promise<ClosableEngine> => this.engine;

  readonly log = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    this.messages.push({ fields, message });
    if (typeof fields.baseUrl === 'string') this.hasListened(fields.baseUrl);
  };
}

const LOOPBACK = { port: 0, host: '127.0.0.1', dataDir: null, open: true, scripts: false, check: false };

describe('parseEngineArguments', () => {
  it('has defaults for everything', () => {
    expect(parseEngineArguments([])).toEqual({
      port: 8085,
      host: '127.0.0.1',
      dataDir: null,
      open: false,
      scripts: false,
      check: false,
    });
  });

  it('reads every option', () => {
    expect(
      parseEngineArguments(['--port', '0', '--host', '::1', '--data=./x', '--open', '--scripts']),
    ).toEqual({
      port: 0,
      host: '::1',
      dataDir: './x',
      open: true,
      scripts: true,
      check: false,
    });
  });

  it.each([
    [['--port', 'x'], "--port must be a number from 0 to 65535, not 'x'"],
    [['--port', '70000'], '--port must be a number from 0 to 65535'],
    [['--port', ''], '--port must be a number from 0 to 65535'],
    [['--data='], '--data must name a folder'],
    [['--nope'], "Unknown option '--nope'"],
    [['extra'], "Unexpected argument 'extra'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseEngineArguments(args)).toThrow(EngineArgumentError);
    expect(() => parseEngineArguments(args)).toThrow(message);
  });

  it('describes every option in its usage', () => {
    for (const option of ['--port', '--host', '--data', '--open', '--scripts', '--check', '--help'])
      expect(USAGE).toContain(`  ${option} `);
  });

  it.each([
    [['--help'], true],
    [['--port', '0', '-h'], true],
    [['--port', '0'], false],
  ])('knows whether %j asks for the usage', (args, asks) => {
    expect(asksForUsage(args)).toBe(asks);
  });
});

describe('runEngine', () => {
  it('serves until it is asked to end, then closes the engine', async () => {
    const host = new TestHost();
    const running = runEngine(LOOPBACK, host);
    const baseUrl = await host.listening;
    expect((await fetch(`${baseUrl}/version`)).status).toBe(200);
    host.end();
    await running;
    expect(host.engine.isClosed).toBe(true);
    await expect(fetch(`${baseUrl}/version`)).rejects.toThrow();
    expect(host.messages.at(-1)?.message).toBe('the embedded engine has stopped');
  });

  it('asks for the token of the file that it logs, and removes a temporary one at its end', async () => {
    const host = new TestHost();
    const running = runEngine({ ...LOOPBACK, open: false }, host);
    const baseUrl = await host.listening;
    const tokenFile = String(host.messages[0]?.fields.tokenFile);
    expect((await fetch(`${baseUrl}/version`)).status).toBe(401);
    const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
    expect((await fetch(`${baseUrl}/version`, { headers })).status).toBe(200);
    host.end();
    await running;
    expect(existsSync(tokenFile)).toBe(false);
  });

  it('keeps the token in the folder of the data', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'engine-cli-'));
    const tokens: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const host = new TestHost();
      const running = runEngine({ ...LOOPBACK, open: false, dataDir }, host);
      await host.listening;
      host.end();
      await running;
      tokens.push(readFileSync(join(dataDir, 'embedded-engine.token'), 'utf8'));
    }
    expect(tokens[0]).toBe(tokens[1]);
    rmSync(dataDir, { recursive: true });
  });

  it('closes the engine when the port is taken', async () => {
    const first = new TestHost();
    const running = runEngine(LOOPBACK, first);
    const port = Number(new URL(await first.listening).port);
    const second = new TestHost();
    await expect(runEngine({ ...LOOPBACK, port }, second)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(second.engine.isClosed).toBe(true);
    first.end();
    await running;
  });

  it('logs unexpected errors', async () => {
    const host = new TestHost();
    const running = runEngine(LOOPBACK, host);
    const error = new Error('broken');
    host.engine.answer('externalTasks.unlock', error);
    expect((await fetch(`${await host.listening}/external-task/T/unlock`, { method: 'POST' })).status).toBe(
      500,
    );
    expect(host.messages.at(-1)?.fields).toEqual({ err: error });
    host.end();
    await running;
  });
});
