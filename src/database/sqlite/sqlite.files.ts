import { join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import BetterSqlite3 from 'better-sqlite3';
import {
  codeOf,
  findUnwritable,
  isNoPermission,
  makeFilePrivate,
  makeFolder,
  makeFolderPrivate,
  noPermission,
} from '../../common/sqlite-file/index.js';
import { DatabaseStartError } from '../database.errors.js';

/** Name of the service's file in `DATA_DIR`. */
const FILE_NAME = 'fastify-camunda.sqlite';

/** The path of the service's file. */
export function sqlitePath(dataDir: string): string {
  return join(resolve(dataDir), FILE_NAME);
}

/**
 * Creates the folder of the database file unless it exists.
 *
 * @throws DatabaseStartError if the folder cannot be created, or it or the file cannot be written
 */
export function prepareDataDir(dataDir: string): void {
  const folder = resolve(dataDir);
  const remedy = 'Set DATA_DIR to a folder that this user may write to.';
  try {
    makeFolder(folder);
  } catch (cause) {
    const fault = isNoPermission(cause)
      ? noPermission(folder, cause)
      : `The folder ${folder} cannot be made (${codeOf(cause)}).`;
    throw new DatabaseStartError(`${fault} ${remedy}`, { cause });
  }
  const file = sqlitePath(dataDir);
  const unwritable = findUnwritable([folder, file, `${file}.lock`]);
  if (unwritable === null) {
    warnOfOthers(folder);
    return;
  }
  const { sentence, cause } = unwritable;
  throw new DatabaseStartError(`${sentence} Give this user the right to, or s${remedy.slice(1)}`, { cause });
}

/** Makes the folder private, or warns if others may look into it. */
function warnOfOthers(folder: string): void {
  const mode = makeFolderPrivate(folder);
  if (mode === null) return;
  new Logger('Database').warn({
    msg: `Other users have rights on ${folder} (mode ${mode}), which belongs to another user or holds more than the files of the service. The files themselves are for this user only. Use a folder of its own, with the mode 700.`,
  });
}

/** Excludes a second process from the file until it is released or its holder dies. */
export interface DatabaseLock {
  release(): void;
}

/**
 * Takes the lock of a database file, without waiting, and makes both files private.
 *
 * The lock is an exclusive transaction on a separate file beside it, which stays open: SQLite locks that file
 * through the operating system, which frees the lock when the holder dies, however it dies. A lock on the database
 * file itself (`locking_mode=EXCLUSIVE`) would shut out our own reader.
 *
 * @throws DatabaseStartError if another process holds it
 */
export function lockDatabase(path: string): DatabaseLock {
  let lock: BetterSqlite3.Database | undefined;
  try {
    makeFilePrivate(`${path}.lock`);
    lock = new BetterSqlite3(`${path}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (!codeOf(error).startsWith('SQLITE_BUSY')) {
      throw new DatabaseStartError(
        `${path}.lock cannot be used as a lock (${codeOf(error)}). Make room on the disk and its folder writable, or set DATA_DIR to another folder.`,
        { cause: error },
      );
    }
    throw new DatabaseStartError(
      `${path} is in use by another process. Stop that one first, or set DATA_DIR to another folder.`,
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
