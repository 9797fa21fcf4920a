import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { BootError, ProblemError } from '../../common/errors/index.js';
import { until } from '../../common/testing/until.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { createApiKey, digestOf } from './api-key.js';
import { ApiKeysService } from './api-keys.service.js';

/** Milliseconds between two looks in these tests. */
const LOOK_MS = 5;

describe('ApiKeysService', () => {
  let folder: string;
  let file: string;
  let shutdown: ShutdownService;
  let warnings: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'api-keys-'));
    file = join(folder, 'keys.json');
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
      warnings.push(typeof line === 'string' ? line : String((line as { err?: Error }).err?.message));
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    await shutdown.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const textOf = (keys: Readonly<Record<string, string>>, more: object = {}): string =>
    JSON.stringify({
      keys: Object.entries(keys).map(([key, name]) => ({
        name,
        sha256: digestOf(key).toString('hex'),
        scopes: ['process:read'],
        ...more,
      })),
    });

  async function started(text: string): Promise<ApiKeysService> {
    writeFileSync(file, text, { mode: 0o600 });
    const keys = new ApiKeysService(file, shutdown, LOOK_MS);
    await keys.start();
    return keys;
  }

  /** The name of a key's principal; null if the key is refused. */
  function nameOf(keys: ApiKeysService, key: string): string | null {
    try {
      return keys.authenticate(key).name;
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      expect(error).toMatchObject({ code: 'unauthenticated', status: 401 });
      return null;
    }
  }

  /** Waits for this many further looks at the file. */
  async function looks(number: number): Promise<void> {
    const reload = jest.spyOn(PeriodicTask.prototype as unknown as { runIn: (ms: number) => void }, 'runIn');
    await until(() => reload.mock.calls.length >= number);
    reload.mockRestore();
  }

  const [first, second] = [createApiKey(), createApiKey()];

  it('accepts several keys of one principal at once, and no other key', async () => {
    const keys = await started(textOf({ [first]: 'partner', [second]: 'partner' }));
    expect([first, second, createApiKey(), '', `${first} `].map((key) => nameOf(keys, key))).toEqual([
      'partner',
      'partner',
      null,
      null,
      null,
    ]);
    expect(warnings).toEqual([]);
  });

  it('refuses a key from its expiry on', async () => {
    const keys = await started(textOf({ [first]: 'partner' }, { expiresAt: '2027-01-31T00:00:00Z' }));
    jest.useFakeTimers({ now: Date.UTC(2027, 0, 31) - 1, doNotFake: ['setTimeout', 'performance'] });
    expect(nameOf(keys, first)).toBe('partner');
    jest.setSystemTime(Date.UTC(2027, 0, 31));
    expect(nameOf(keys, first)).toBeNull();
  });

  it('takes over a file that is written again, replaced by a rename, or behind another link', async () => {
    const keys = await started(textOf({ [first]: 'a' }));
    writeFileSync(file, textOf({ [second]: 'b' }));
    await until(() => nameOf(keys, second) === 'b');
    expect(nameOf(keys, first)).toBeNull();

    writeFileSync(join(folder, 'next'), textOf({ [second]: 'c' }));
    renameSync(join(folder, 'next'), file);
    await until(() => nameOf(keys, second) === 'c');
  });

  it('takes over a file of which a folder above is another link, as Kubernetes does it', async () => {
    for (const [version, name] of [
      ['v1', 'a'],
      ['v2', 'b'],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'keys.json'), textOf({ [first]: name }));
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync('..data/keys.json', file);
    const keys = new ApiKeysService(file, shutdown, LOOK_MS);
    await keys.start();
    expect(nameOf(keys, first)).toBe('a');
    symlinkSync('v2', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    await until(() => nameOf(keys, first) === 'b');
  });

  it('keeps the keys while the file is half written, and says so once', async () => {
    const keys = await started(textOf({ [first]: 'partner' }));
    const text = textOf({ [second]: 'partner' });
    truncateSync(file);
    await until(() => warnings.length > 0);
    appendFileSync(file, text.slice(0, 40));
    expect(nameOf(keys, first)).toBe('partner');
    await looks(3);
    expect(nameOf(keys, first)).toBe('partner');
    expect(warnings).toEqual([
      expect.stringContaining('it is not complete JSON. The keys before stay in force'),
    ]);
    appendFileSync(file, text.slice(40));
    await until(() => nameOf(keys, second) === 'partner');
    expect(nameOf(keys, first)).toBeNull();
  });

  it('keeps the keys while there is no file', async () => {
    const keys = await started(textOf({ [first]: 'partner' }));
    unlinkSync(file);
    await until(() => warnings.length > 0);
    expect(nameOf(keys, first)).toBe('partner');
    expect(warnings).toEqual([expect.stringContaining('there is none at this path')]);
    writeFileSync(file, textOf({ [second]: 'partner' }));
    await until(() => nameOf(keys, second) === 'partner');
  });

  it.each([
    ['there is none', () => undefined, 'there is none at this path'],
    [
      'it is a folder',
      (path: string) => {
        mkdirSync(path);
      },
      'it is not a file',
    ],
    [
      'it is a pipe that nobody writes',
      (path: string) => {
        execFileSync('mkfifo', [path]);
      },
      'it is not a file',
    ],
    [
      'it is empty',
      (path: string) => {
        writeFileSync(path, '');
      },
      'it is not complete JSON',
    ],
    [
      'a key is not valid',
      (path: string) => {
        writeFileSync(path, '{"keys":[{"name":"a"}]}');
      },
      'key 1 (a): sha256',
    ],
    [
      'it is too large',
      (path: string) => {
        writeFileSync(path, ' '.repeat(8_388_609));
      },
      'more than 8388608 bytes',
    ],
  ])('stops the boot if %s', async (_, prepare, reason) => {
    prepare(file);
    const start = new ApiKeysService(file, shutdown, LOOK_MS).start();
    await expect(start).rejects.toBeInstanceOf(BootError);
    await expect(start).rejects.toThrow(/^API_KEYS_FILE must be a file of API keys/);
    await expect(start).rejects.toThrow(reason);
  });

  it('warns of a file without keys, and of one that others can write', async () => {
    writeFileSync(file, '{"keys":[]}');
    chmodSync(file, 0o666);
    await new ApiKeysService(file, shutdown, LOOK_MS).start();
    expect(warnings).toEqual([
      expect.stringContaining('has no key'),
      expect.stringContaining('can be written by other users'),
    ]);
  });
});
