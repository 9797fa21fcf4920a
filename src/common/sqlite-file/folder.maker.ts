import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder with its parents, unless it is there.
 *
 * Not by `recursive`: below /proc, where `mkdir` says that the parent is missing, Node tries for ever.
 *
 * @throws what the operating system says
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  // What is there and is no folder is refused by the operating system.
  if (existsSync(folder) && !statSync(folder).isDirectory()) missing.push(resolve(folder));
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const path of missing.reverse()) {
    try {
      mkdirSync(path);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    }
  }
}
