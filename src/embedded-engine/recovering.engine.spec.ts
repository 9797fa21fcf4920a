import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { engineFilePath } from './engine.factory.js';
import { EngineFileError } from './persist/sqlite/engine-file.errors.js';
import type { EngineCondition, RecoveringEngine } from './recovering.engine.js';
import { openRecoveringEngine, type RecoveringEngineOptions } from './recovering.factory.js';
import { bpmn, sequence } from './testing/process.builder.js';

/** A response as a caller sees it. */
interface Answer {
  readonly status: number;
  readonly value: unknown;
}

/** Larger than the free pages of a full file, which SQLite fills first. */
const LARGE = 'x'.repeat(3_900);

let dataDir: string;
let engine: RecoveringEngine;
/** Maximum number of pages of the file; undefined: no limit. */
let pages: number | undefined;
let conditions: EngineCondition['status'][];
let damage: unknown[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'recovering-'));
  pages = undefined;
  conditions = [];
  damage = [];
});

afterEach(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

async function open(options: Partial<RecoveringEngineOptions> = {}): Promise<void> {
  engine = await openRecoveringEngine({
    dataDir,
    maxPages: () => pages,
    onUnexpectedError: (error) => {
      // Only errors of a damaged file are expected.
      if (damage.length === 0 && !/malformed|not a database/.test(String(error))) throw error;
    },
    onCondition: ({ status }) => conditions.push(status),
    onDamage: (error) => damage.push(error),
    ...options,
  });
}

async function send(method: string, path: string, body?: unknown, sharesProcess = false): Promise<Answer> {
  const { status, body: answer } = await engine.dispatch({
    method,
    url: `/engine-rest${path}`,
    origin: 'http://127.0.0.1',
    sharesProcess,
    body: body === undefined ? { kind: 'none' } : { kind: 'json', value: body },
    onDisconnect: () => undefined,
  });
  return { status, value: answer.kind === 'json' ? answer.value : null };
}

async function deploy(): Promise<void> {
  const answer = await engine.dispatch({
    method: 'POST',
    url: '/engine-rest/deployment/create',
    origin: 'http://127.0.0.1',
    body: {
      kind: 'form',
      parts: [
        { fieldName: 'deployment-name', fileName: null, content: Buffer.from('d') },
        { fieldName: 'p.bpmn', fileName: 'p.bpmn', content: Buffer.from(bpmn(sequence('p', 'A', 'B'))) },
      ],
    },
    onDisconnect: () => undefined,
  });
  expect(answer.status).toBe(200);
}

const start = (businessKey: string, text = LARGE): Promise<Answer> =>
  send('POST', '/process-definition/key/p/start', {
    businessKey,
    variables: { text: { value: text, type: 'String' } },
  });

function fetchTask(topicName: string, sharesProcess: boolean, asyncResponseTimeout = 0): Promise<Answer> {
  const topics = [{ topicName, lockDuration: 600_000 }];
  const body = { workerId: 'w', maxTasks: 1, asyncResponseTimeout, topics };
  return send('POST', '/external-task/fetchAndLock', body, sharesProcess);
}

async function keys(): Promise<unknown[]> {
  const { value } = await send('GET', '/history/process-instance?sortBy=startTime&sortOrder=asc');
  return (value as { businessKey: string }[]).map(({ businessKey }) => businessKey).sort();
}

/** Starts instances until the file is full. @returns the keys of the successful starts */
async function fillUp(prefix: string): Promise<string[]> {
  // SQLite does not set the limit below the current size of the file.
  pages = 1;
  const kept: string[] = [];
  for (let at = 0; ; at += 1) {
    const { status } = await start(`${prefix}-${at}`);
    if (status !== 200) return kept;
    kept.push(`${prefix}-${at}`);
  }
}

async function running(): Promise<void> {
  for (;;) {
    if (engine.condition.status === 'running') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('an engine whose file rejects writes', () => {
  /** The limit applies to connections that are opened later. */
  async function reopenWithoutRoom(): Promise<void> {
    await engine.close();
    pages = 1;
    await open();
  }

  it('responds 503 to commands that it cannot commit, and continues from the last commit when a write succeeds', async () => {
    await open();
    await deploy();
    await start('before');
    await reopenWithoutRoom();
    const kept = await fillUp('full');
    expect(conditions).toEqual(['recovering']);
    expect(engine.condition).toMatchObject({ status: 'recovering', reason: expect.stringContaining('full') });

    pages = undefined;
    await running();
    expect(conditions).toEqual(['recovering', 'running']);
    expect(await keys()).toEqual(['before', ...kept].sort());
    expect((await start('after')).status).toBe(200);
    expect(await keys()).toEqual(['after', 'before', ...kept].sort());
    expect((await fetchTask('A', false)).value).toHaveLength(1);
  });

  it('rejects all requests with the reason meanwhile, waiting polls too, and accepts them again afterwards', async () => {
    await open();
    await deploy();
    await reopenWithoutRoom();
    const parked = fetchTask('B', false, 60_000);
    await fillUp('full');
    expect(await parked).toMatchObject({ status: 503, value: { type: 'ProcessEngineException' } });
    for (const path of ['/version', '/history/process-instance', '/external-task/count']) {
      const answer = await send('GET', path);
      if (engine.condition.status === 'running') break;
      expect(answer).toMatchObject({ status: 503, value: { message: expect.stringContaining('full') } });
    }
    pages = undefined;
    await running();
    await start('after');
    await send('POST', '/external-task/fetchAndLock', {
      workerId: 'w',
      maxTasks: 1_000,
      topics: [{ topicName: 'A', lockDuration: 1_000 }],
    }).then(async ({ value }) => {
      const waiting = fetchTask('B', false, 60_000);
      const [task] = value as { id: string }[];
      await send('POST', `/external-task/${task!.id}/complete`, { workerId: 'w' });
      expect((await waiting).value).toHaveLength(1);
    });
  });

  it.each([
    ['a worker in this process keeps the lock that it has', true],
    ['a worker outside keeps the lock that it has', false],
  ])('%s', async (_name, sharesProcess) => {
    await open();
    await deploy();
    await start('locked');
    const { value } = await fetchTask('A', sharesProcess);
    const [task] = value as { id: string; lockExpirationTime: string }[];
    await engine.current!.externalTasks.setRetries(task!.id, 7);
    // The limit belongs to a connection, so the open connection needs it too.
    limitOpenConnection();
    await fillUp('full');
    pages = undefined;
    await running();
    expect((await send('GET', `/external-task/${task!.id}`)).value).toMatchObject({
      workerId: 'w',
      retries: 7,
      lockExpirationTime: task!.lockExpirationTime,
    });
    expect((await send('POST', `/external-task/${task!.id}/complete`, { workerId: 'w' })).status).toBe(204);
  });

  function limitOpenConnection(): void {
    interface WithFile {
      readonly executor: { readonly store: { readonly file: { readonly db: BetterSqlite3.Database } } };
    }
    (engine.current as unknown as WithFile).executor.store.file.db.pragma('max_page_count = 1');
  }

  it('closes in order while it recovers, and another engine finds the committed state', async () => {
    await open();
    await deploy();
    await reopenWithoutRoom();
    const kept = await fillUp('full');
    await engine.close();
    pages = undefined;
    await open();
    expect(await keys()).toEqual(kept.sort());
  });

  it('fails if its file is missing, and does not create an empty one', async () => {
    await open();
    await deploy();
    const file = engineFilePath(dataDir);
    limitOpenConnection();
    rmSync(file);
    await fillUp('full');
    while (engine.condition.status !== 'failed') await new Promise(setImmediate);
    expect(conditions).toEqual(['recovering', 'failed']);
    expect(existsSync(file)).toBe(false);
    expect((await send('GET', '/version')).status).toBe(503);
  });
});

describe('an engine whose file is damaged', () => {
  async function fill(): Promise<string> {
    await open();
    await deploy();
    for (let at = 0; at < 40; at += 1) await start(`k-${at}`);
    await engine.close();
    return engineFilePath(dataDir);
  }

  it('fails to open, with one sentence that names the restore guide', async () => {
    const file = await fill();
    const content = readFileSync(file);
    // A page in the middle, which the queries at the opening do not read.
    content.fill(0x5a, 4_096 * 12, 4_096 * 13);
    writeFileSync(file, content);
    await expect(open()).rejects.toMatchObject({
      name: 'EngineFileError',
      isDamaged: true,
      message: expect.stringMatching(/is damaged.*operations\.md/),
    });
  });

  it('reports damage in operation once, and responds 503', async () => {
    const file = await fill();
    await open();
    // Damages a page without the engine. The commit of another connection then clears the page cache of the engine.
    const content = readFileSync(file);
    writeFileSync(file, content.fill(0x5a, 4_096), { flag: 'r+' });
    const other = new BetterSqlite3(file, { timeout: 5_000 });
    other.pragma('user_version = 1');
    other.close();
    for (let at = 0; damage.length === 0 && at < 200; at += 1) {
      await start(`more-${at}`);
      await send('GET', `/history/variable-instance?variableName=text`);
    }
    expect(damage).toHaveLength(1);
    expect(engine.condition).toEqual({ status: 'failed', reason: expect.stringMatching(/^[^.]*malformed$/) });
    // A failed condition would log a second line with a different remedy.
    expect(conditions).not.toContain('failed');
  });
});

it('an engine in memory only fails permanently', async () => {
  await open({ dataDir: null });
  await deploy();
  const { executor } = engine.current as unknown as { executor: { store: { commit: unknown } } };
  executor.store.commit = () => Promise.reject(new EngineFileError('no memory'));
  expect((await start('lost')).status).toBe(503);
  while (engine.condition.status !== 'failed') await new Promise(setImmediate);
  expect(conditions).toEqual(['recovering', 'failed']);
});
