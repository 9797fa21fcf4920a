import { accessSync, constants, existsSync } from 'node:fs';
import { codeOf } from './sqlite.faults.js';

/** Checks whether this user may write; throws the error of the operating system if not. */
type Access = (path: string, mode: number) => void;

/** True if an error means a missing permission to write, and not a full or broken disk. */
export function isNoPermission(error: unknown): boolean {
  return /^(EACCES|EPERM|EROFS|SQLITE_(READONLY|PERM|AUTH)(_.*)?)$/.test(codeOf(error));
}

/** `No permission to write /data (EROFS: its file system is read-only).` */
export function noPermission(path: string, error: unknown): string {
  const code = codeOf(error);
  return `No permission to write ${path} (${code === 'EROFS' ? 'EROFS: its file system is read-only' : code}).`;
}

/**
 * Finds the first existing path that this user may not write.
 *
 * @param access is `accessSync` outside tests
 * @returns a sentence that names the path, and the error; null if there is none
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
