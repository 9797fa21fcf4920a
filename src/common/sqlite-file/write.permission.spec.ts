import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findUnwritable, isNoPermission } from './write.permission.js';

const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

describe('the look for a permission to write', () => {
  const folder = mkdtempSync(join(tmpdir(), 'permission-'));
  const absent = join(folder, 'absent');

  it.each([
    ['EACCES', `No permission to write ${folder} (EACCES).`],
    ['EROFS', `No permission to write ${folder} (EROFS: its file system is read-only).`],
  ])('names the first path that is not writable: %s', (code, sentence) => {
    const found = findUnwritable([absent, folder], failing(code));
    expect([found?.sentence, found?.cause]).toEqual([sentence, expect.objectContaining({ code })]);
  });

  it('finds none where all that is there may be written', () => {
    expect(findUnwritable([folder, absent])).toBeNull();
  });

  it.each([
    ['EPERM', true],
    ['SQLITE_READONLY_DIRECTORY', true],
    ['SQLITE_FULL', false],
    ['ENOSPC', false],
  ])('takes %s for a missing permission: %s', (code, is) => {
    expect(isNoPermission({ code })).toBe(is);
  });
});
