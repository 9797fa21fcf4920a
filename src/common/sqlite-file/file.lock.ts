import BetterSqlite3 from 'better-sqlite3';
import { makeFilePrivate } from './private.files.js';
import { codeOf } from './sqlite.faults.js';

/** Excludes other processes from a file until it is released or its holder ends, however it ends. */
export interface FileLock {
  release(): void;
}

/**
 * Locks a file without waiting, and makes both files private.
 *
 * The lock is an exclusive transaction on a separate file beside it (`<path>.lock`), which stays open: SQLite locks that
 * file through the operating system, which frees the lock when the holder dies. The file itself stays open to readers,
 * such as a backup; a lock on it (`locking_mode=EXCLUSIVE`) would shut them out.
 *
 * @param faultOf makes the error: `isHeld` if another holder has the lock, otherwise the lock file cannot be used
 * @throws the error that `faultOf` returns
 */
export function lockFile(path: string, faultOf: (isHeld: boolean, cause: unknown) => Error): FileLock {
  let lock: BetterSqlite3.Database | undefined;
  try {
    makeFilePrivate(`${path}.lock`);
    lock = new BetterSqlite3(`${path}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    throw faultOf(codeOf(error).startsWith('SQLITE_BUSY'), error);
  }
  makeFilePrivate(path);
  const held = lock;
  return {
    release: () => {
      held.close();
    },
  };
}
