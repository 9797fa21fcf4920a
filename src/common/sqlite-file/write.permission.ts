import { accessSync, constants, existsSync } from 'node:fs';
import { codeOf } from './sqlite.faults.js';

/** Asks the operating system whether this user may write; throws its error where not. */
type Access = (path: string, mode: number) => void;

/** Whether an error says that this user may not write, rather than that something is full or broken. */
export function isNoPermission(error: unknown): boolean {
  return /^(EACCES|EPERM|EROFS|SQLITE_(READONLY|PERM|AUTH)(_.*)?)$/.test(codeOf(error));
}

/** `No permission to write /data (EROFS: its file system is read-only).` */
export function noPermission(path: string, error: unknown): string {
  const code = codeOf(error);
  return `No permission to write ${path} (${code === 'EROFS' ? 'EROFS: its file system is read-only' : code}).`;
}

/**
 * Looks for one among some paths that this user may not write; what is not there is left out.
 *
 * @param access is `accessSync` outside tests
 * @returns a sentence that names it, and the error; null where there is none
 */
export function findUnwritable(
  paths: readonly string[],
  access: Access = accessSync,
): { readonly sentence: string; readonly cause: unknown } | null {
  for (const path of paths.filter((each) => existsSync(each))) {
    try {
      access(path, constants.W_OK);
    } catch (cause) {
      return { sentence: noPermission(path, cause), cause };
    }
  }
  return null;
}
