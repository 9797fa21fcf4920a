import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import {
  codeOf,
  findUnwritable,
  isNoPermission,
  makeFilePrivate,
  makeFolder,
  makeFolderPrivate,
  noPermission,
} from '../../../common/sqlite-file/index.js';
import { EngineFileError } from './engine-file.errors.js';

/** Locks the file against other processes until it is released or its process ends. */
export interface EngineFileLock {
  release(): void;
}

/**
 * Locks an engine's file, without waiting; creates the folder of the file if it does not exist, and makes folder and files private.
 *
 * The lock is an exclusive transaction on a separate file beside it, open as long as the engine. SQLite locks that file
 * through the operating system, which releases the lock when the process ends, however it ends. The engine's file
 * itself stays open to readers, such as a backup.
 *
 * @throws EngineFileError if another process, or another engine of this one, holds the lock, or the folder cannot be
 * used
 */
export function lockEngineFile(path: string): EngineFileLock {
  const folder = dirname(path);
  prepareFolder(folder);
  const lockPath = `${path}.lock`;
  assertPermission([folder, path, lockPath]);
  makeFolderPrivate(folder);
  let lock: BetterSqlite3.Database | undefined;
  try {
    makeFilePrivate(lockPath);
    lock = new BetterSqlite3(lockPath, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    throw new EngineFileError(
      codeOf(error).startsWith('SQLITE_BUSY')
        ? `${path} is in use by another engine. Stop that one first, or use another folder.`
        : `${lockPath} cannot be used as a lock (${codeOf(error)}). Free disk space and make its folder writable, or use another folder.`,
      { cause: error },
    );
  }
  makeFilePrivate(path);
  const held = lock;
  return {
    release: () => {
      held.close();
    },
  };
}

function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    const fault = isNoPermission(cause)
      ? noPermission(folder, cause)
      : `The folder ${folder} cannot be made (${codeOf(cause)}).`;
    throw new EngineFileError(`${fault} Use another folder.`, { cause });
  }
}

/** @throws EngineFileError */
function assertPermission(paths: readonly string[]): void {
  const unwritable = findUnwritable(paths);
  if (unwritable === null) return;
  const { sentence, cause } = unwritable;
  throw new EngineFileError(`${sentence} Grant this user the permission, or use another folder.`, { cause });
}
