// Runs several spec files as one file of Jest. Jest loads the service and its packages anew for each file, which takes
// longer than most of the e2e tests; the files of a group load them once.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Files in a group: with more of them one worker runs long after the others have ended. */
const GROUP_SIZE = 8;

/** A hook outside of a `describe` would run around the tests of the whole group. */
const TOP_LEVEL_HOOK = /^(before|after)(Each|All)\(/m;

/**
 * Writes the groups of a folder's spec files to a temporary folder. A file with a hook outside of its `describe` is a
 * group of its own.
 *
 * @param {string} folder
 * @param {readonly string[]} ignored patterns of paths, as in Jest's `testPathIgnorePatterns`
 * @returns {{ folder: string, remove: () => void }} `folder` contains the groups
 */
export function writeSpecGroups(folder, ignored) {
  const patterns = ignored.map((pattern) => new RegExp(pattern));
  const specs = readdirSync(folder, { recursive: true })
    .map((name) => resolve(folder, name))
    .filter((path) => path.endsWith('.spec.ts') && !patterns.some((pattern) => pattern.test(path)))
    .sort();
  const isAlone = (path) => TOP_LEVEL_HOOK.test(readFileSync(path, 'utf8'));
  const groups = [
    ...chunks(specs.filter((path) => !isAlone(path))),
    ...specs.filter(isAlone).map((path) => [path]),
  ];
  const target = mkdtempSync(join(tmpdir(), 'fastify-camunda-specs-'));
  for (const [index, paths] of groups.entries()) {
    const lines = paths.map((path) => `import ${JSON.stringify(path)};\n`);
    writeFileSync(join(target, `group-${index + 1}.spec.ts`), lines.join(''));
  }
  return { folder: target, remove: () => rmSync(target, { recursive: true, force: true }) };
}

/** Groups of about the same size; neighbours in the list get different groups, because they often take equally long. */
function chunks(paths) {
  const count = Math.ceil(paths.length / GROUP_SIZE);
  return Array.from({ length: count }, (_, group) => paths.filter((_path, index) => index % count === group));
}
