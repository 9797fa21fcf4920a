import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { codeOf, makeFolder } from '../../../common/sqlite-file/index.js';
import { EngineFileError } from './engine-file.errors.js';

/** Keeps a second process from the file until it is released or its holder dies. */
export interface EngineFileLock {
  release(): void;
}

/**
 * Takes the lock of an engine's file, without waiting; makes the folder of the file where it is missing.
 *
 * The lock is an exclusive transaction on a file of its own beside it, held open for life: SQLite locks that file
 * through the operating system, which frees the lock when the holder dies, however it dies. The file itself stays
 * open to readers, such as a backup.
 *
 * @throws EngineFileError if another process, or another engine of this one, holds it, or the folder cannot be used
 */
export function lockEngineFile(path: string): EngineFileLock {
  prepareFolder(dirname(path));
  const lockPath = `${path}.lock`;
  let lock: BetterSqlite3.Database | undefined;
  try {
    lock = new BetterSqlite3(lockPath, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    throw new EngineFileError(
      codeOf(error).startsWith('SQLITE_BUSY')
        ? `${path} is in use by another engine. Stop that one first, or use another folder.`
        : `${lockPath} cannot be used as a lock (${codeOf(error)}). Make room on the disk and its folder writable, or use another folder.`,
      { cause: error },
    );
  }
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
  } catch (error) {
    throw new EngineFileError(`The folder ${folder} cannot be made (${codeOf(error)}). Use another folder.`, {
      cause: error,
    });
  }
}
