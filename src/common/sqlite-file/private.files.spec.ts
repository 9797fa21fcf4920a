import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFolder } from './folder.maker.js';
import { makeFilePrivate, makeFolderPrivate } from './private.files.js';

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a private SQLite file', () => {
  it('is created for its user only, and SQLite gives its logs the same mode', () => {
    const path = join(folder, 'embedded-engine.sqlite');
    makeFilePrivate(path);
    const db = new BetterSqlite3(path);
    db.pragma('journal_mode = wal');
    db.exec('CREATE TABLE a (b)');
    const modes = readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]);
    db.close();
    expect(modes).toEqual([
      ['embedded-engine.sqlite', '600'],
      ['embedded-engine.sqlite-shm', '600'],
      ['embedded-engine.sqlite-wal', '600'],
    ]);
  });

  it('loses the rights of others on files that exist, and no right of its user', () => {
    const path = join(folder, 'a.sqlite');
    for (const [name, mode] of [
      [path, 0o664],
      [`${path}-wal`, 0o644],
      [`${path}-shm`, 0o444],
    ] as const) {
      writeFileSync(name, '');
      chmodSync(name, mode);
    }
    makeFilePrivate(path);
    expect([modeOf(path), modeOf(`${path}-wal`), modeOf(`${path}-shm`)]).toEqual(['600', '600', '400']);
  });

  it('keeps the locks of a connection that has it open', () => {
    const path = join(folder, 'locked.sqlite');
    makeFilePrivate(path);
    const first = new BetterSqlite3(path);
    first.exec('BEGIN EXCLUSIVE');
    makeFilePrivate(path);
    const second = new BetterSqlite3(path, { timeout: 0 });
    expect(() => second.exec('BEGIN EXCLUSIVE')).toThrow(/locked/);
    second.close();
    first.close();
  });

  it('does not fail if its folder is missing', () => {
    expect(() => {
      makeFilePrivate(join(folder, 'missing', 'a.sqlite'));
    }).not.toThrow();
  });
});

describe('a private folder', () => {
  it('is created with the mode 700, and its parents with the usual one', () => {
    const usual = join(folder, 'usual');
    mkdirSync(usual);
    makeFolder(join(folder, 'a', 'b'));
    expect([modeOf(join(folder, 'a', 'b')), modeOf(join(folder, 'a'))]).toEqual(['700', modeOf(usual)]);
  });

  it('loses the rights of others if it holds only files of the service', () => {
    for (const name of ['fastify-camunda.sqlite', 'embedded-engine.sqlite.lock', 'deliveries-x.journal'])
      writeFileSync(join(folder, name), '');
    chmodSync(folder, 0o2775);
    expect(makeFolderPrivate(folder)).toBeNull();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it.each([
    ['holds another file', 0o755, 'report.pdf'],
    ['is shared by all, as /tmp is', 0o1777, 'embedded-engine.sqlite'],
  ])('keeps its rights, and reports them, if it %s', (_, mode, name) => {
    writeFileSync(join(folder, name), '');
    chmodSync(folder, mode);
    expect(makeFolderPrivate(folder)).toBe((mode & 0o777).toString(8));
    expect(modeOf(folder)).toBe(mode.toString(8));
  });

  it('does not fail if it is missing', () => {
    expect(makeFolderPrivate(join(folder, 'missing'))).toBeNull();
  });
});
