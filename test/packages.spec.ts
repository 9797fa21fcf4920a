import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly type: string } };
  readonly components: readonly {
    readonly name: string;
    readonly purl: string;
    readonly hashes: readonly unknown[];
    readonly licenses: readonly unknown[];
  }[];
}

describe('the packages', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'packages-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are in the bill of materials if the service runs with them, with licence and hash', () => {
    const path = join(folder, 'sbom.cdx.json');
    execFileSync(process.execPath, ['scripts/sbom.mjs', path]);
    const bom = JSON.parse(readFileSync(path, 'utf8')) as Bom;
    expect([bom.bomFormat, bom.metadata.component]).toMatchObject([
      'CycloneDX',
      { name: 'fastify-camunda', type: 'application' },
    ]);
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const names = bom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies ?? {})));
    const onlyForTests = Object.keys(devDependencies ?? {}).filter((name) => /jest|eslint|knip/.test(name));
    expect(names.filter((name) => onlyForTests.includes(name))).toEqual([]);
    expect(
      bom.components.filter(({ licenses, hashes }) => licenses.length === 0 || hashes.length === 0),
    ).toEqual([]);
  });

  it('have allowed licences', () => {
    const { status, stdout, stderr } = listed('package-lock.json');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/MIT \(\d+\): .*fastify@/);
  });

  it.each([
    ['a licence that asks for more', { license: 'AGPL-3.0-only' }],
    ['no licence', {}],
    ['a licence for development only', { license: 'CC-BY-4.0' }],
    ['two licences, one of which is not allowed', { license: '(MIT AND GPL-2.0-only)' }],
    ['an exception', { license: 'GPL-2.0-only WITH Classpath-exception-2.0' }],
  ])('are refused with %s', (_what, facts) => {
    const { status, stderr } = listed(lockOf(facts));
    expect(status).toBe(1);
    expect(stderr).toContain('odd@1.0.0 has the licence');
  });

  it.each([
    ['a choice', { license: '(GPL-2.0-only OR MIT)' }],
    ['a licence for development, only there', { license: 'CC-BY-4.0', dev: true }],
  ])('are accepted with %s', (_what, facts) => {
    expect(listed(lockOf(facts)).status).toBe(0);
  });

  function lockOf(facts: object): string {
    const path = join(folder, 'package-lock.json');
    writeFileSync(
      path,
      JSON.stringify({ packages: { '': {}, 'node_modules/odd': { version: '1.0.0', ...facts } } }),
    );
    return path;
  }

  it.each([
    ['sbom', ['--help']],
    ['licenses', ['--fail']],
    ['licenses', ['a.json', 'b.json']],
  ])('have scripts that explain themselves and write nothing: %s %j', (script, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${script}.mjs`, ...args], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^usage: npm run ${script} -- \\[FILE\\]`));
    expect(args.filter((each) => existsSync(each))).toEqual([]);
  });

  function listed(lock: string) {
    return spawnSync(process.execPath, ['scripts/licenses.mjs', lock], { encoding: 'utf8' });
  }
});
