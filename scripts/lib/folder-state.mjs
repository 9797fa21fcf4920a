// The state of a folder, to see what a program has written, and its rights.
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const WRITE_BITS = 0o222;

/** Every file and folder below a path, with its own path; links are not followed. */
function* entriesOf(folder, isLeftOut) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (isLeftOut(path)) continue;
    const stats = lstatSync(path);
    yield { path, stats };
    if (stats.isDirectory()) yield* entriesOf(path, isLeftOut);
  }
}

/**
 * What stands in a folder: size and time of the last change of each file, by its relative path.
 *
 * @param {string} folder
 * @param {(path: string) => boolean} isLeftOut
 * @returns {Map<string, string>}
 */
export function stateOf(folder, isLeftOut = () => false) {
  return new Map(
    [...entriesOf(folder, isLeftOut)].map(({ path, stats }) => [
      relative(folder, path),
      stats.isDirectory() ? 'folder' : `${stats.size} bytes at ${stats.mtimeMs}`,
    ]),
  );
}

/**
 * The paths that were added, changed or removed between two states.
 *
 * @param {Map<string, string>} before
 * @param {Map<string, string>} after
 * @returns {string[]}
 */
export function changedPaths(before, after) {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((path) => before.get(path) !== after.get(path)).sort();
}

/**
 * Takes or gives back the right to write, for a user who owns the files; root may write in any case.
 *
 * @param {string} folder
 * @param {boolean} writable
 * @param {(path: string) => boolean} isLeftOut
 */
export function setWritable(folder, writable, isLeftOut = () => false) {
  const change = (path, mode) => chmodSync(path, writable ? mode | 0o200 : mode & ~WRITE_BITS & 0o7777);
  change(folder, lstatSync(folder).mode & 0o7777);
  for (const { path, stats } of entriesOf(folder, isLeftOut))
    if (!stats.isSymbolicLink()) change(path, stats.mode & 0o7777);
}
