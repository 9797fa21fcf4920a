import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeSpecGroups } from '../scripts/lib/spec-groups.mjs';

describe('the groups of spec files', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-groups-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, text = "describe('x', () => {\n  beforeEach(() => {});\n});\n"): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  /** The files that each group imports. */
  const groupsOf = (ignored: readonly string[] = []): string[][] => {
    const groups = writeSpecGroups(folder, ignored);
    try {
      return readdirSync(groups.folder).map((name) =>
        Array.from(
          readFileSync(join(groups.folder, name), 'utf8').matchAll(/^import "(.*)";$/gm),
          ([, path = '']) => path,
        ),
      );
    } finally {
      groups.remove();
      expect(existsSync(groups.folder)).toBe(false);
    }
  };

  it('contain each spec once, also of the folders within', () => {
    mkdirSync(join(folder, 'within'));
    const names = [...Array.from({ length: 20 }, (_, n) => `file-${n}.spec.ts`), 'within/deep.spec.ts'];
    const paths = names.map((name) => write(name));
    write('support.ts');
    const groups = groupsOf();
    expect(groups.flat().sort()).toEqual(paths.sort());
    expect(groups).toHaveLength(3);
  });

  it('leave a file alone whose hooks would run around the tests of others', () => {
    const alone = write('hooks.spec.ts', "beforeAll(async () => {});\ndescribe('x', () => {});\n");
    const others = [write('a.spec.ts'), write('b.spec.ts')];
    const groups = groupsOf();
    expect(groups).toHaveLength(2);
    expect(groups).toEqual(expect.arrayContaining([[alone], others]));
  });

  it('leave out what is ignored', () => {
    const kept = write('kept.spec.ts');
    write('tls.spec.ts');
    expect(groupsOf(['/node_modules/', '/tls'])).toEqual([[kept]]);
  });
});
