import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder with its parents, unless it exists.
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
      mkdirSync(path);
    } catch (error) {
      // Another process may have created it meanwhile.
      if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    }
  }
}
