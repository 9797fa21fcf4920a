import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PRIVATE_FOLDER } from './private.files.js';

/**
 * Creates a folder with its parents, unless it exists. A new folder has the mode 0700, its new parents the usual one.
 *
 * Without `recursive`: below /proc, `mkdir` reports that the parent is missing, and Node retries forever.
 *
 * @throws the error of the operating system
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  // The operating system refuses a path that exists and is not a folder.
  if (existsSync(folder) && !statSync(folder).isDirectory()) missing.push(resolve(folder));
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const path of missing.reverse()) {
    try {
      if (path === resolve(folder)) mkdirSync(path, PRIVATE_FOLDER);
      else mkdirSync(path);
    } catch (error) {
      // Another process may have created it meanwhile.
      if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    }
  }
}
