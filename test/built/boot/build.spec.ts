import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'));
  cpSync('scripts/build.mjs', join(folder, 'scripts/build.mjs'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the build with a compiler that writes one file and exits with the given code. @returns the exit code */
function build(content: string, code: number): number | null {
  const compiler = 'node_modules/@nestjs/cli/bin';
  mkdirSync(join(folder, compiler), { recursive: true });
  writeFileSync(
    join(folder, compiler, 'nest.js'),
    `const fs = require('node:fs');
     fs.rmSync('dist', { recursive: true, force: true });
     fs.mkdirSync('dist');
     fs.writeFileSync('dist/main.js', '${content}');
     process.exit(${code});`,
  );
  return spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: folder }).status;
}

const built = (): string => readFileSync(join(folder, 'dist/main.js'), 'utf8');

it('leaves the last dist/ after a build that fails, and none if there was none', () => {
  expect([build('half', 1), existsSync(join(folder, 'dist'))]).toEqual([1, false]);
  expect([build('whole', 0), built()]).toEqual([0, 'whole']);
  expect([build('half', 2), built()]).toEqual([1, 'whole']);
  expect(existsSync(join(folder, 'dist.last'))).toBe(false);
});

it('repairs what a build that was killed has left', () => {
  mkdirSync(join(folder, 'dist'));
  mkdirSync(join(folder, 'dist.last'));
  writeFileSync(join(folder, 'dist.last/main.js'), 'whole');
  expect([build('half', 1), built()]).toEqual([1, 'whole']);
});
