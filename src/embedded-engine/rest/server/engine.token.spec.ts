import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { engineTokenIn, EngineTokenError } from './engine.token.js';

describe('the token of the engine', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'token-'));
    path = join(folder, 'embedded-engine.token');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is random, in a file for its user only, and stays', () => {
    const token = engineTokenIn(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(engineTokenIn(path)).toBe(token);
    rmSync(path);
    expect(engineTokenIn(path)).not.toBe(token);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    [
      'others may read',
      () => {
        chmodSync(path, 0o640);
      },
    ],
    [
      'has something else',
      () => {
        writeFileSync(path, 'short\n');
      },
    ],
    [
      'is a link',
      () => {
        writeFileSync(join(folder, 'other'), readFileSync(path), { mode: 0o600 });
        rmSync(path);
        symlinkSync(join(folder, 'other'), path);
      },
    ],
  ])('is replaced if its file %s', (_, change) => {
    const token = engineTokenIn(path);
    change();
    const next = engineTokenIn(path);
    expect(next).toMatch(/^[\w-]{43}$/);
    expect(next).not.toBe(token);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('names a file that cannot be written', () => {
    expect(() => engineTokenIn(join(folder, 'missing', 'token'))).toThrow(EngineTokenError);
    expect(() => engineTokenIn(join(folder, 'missing', 'token'))).toThrow(
      `The token of the embedded engine cannot be written to ${folder}/missing/token (ENOENT).`,
    );
  });
});
