import { join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  codeOf,
  type FileLock,
  findUnwritable,
  isNoPermission,
  lockFile,
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

/**
 * Takes the lock of a database file, without waiting, and makes both files private.
 *
 * @throws DatabaseStartError if another process holds it
 */
export function lockDatabase(path: string): FileLock {
  return lockFile(
    path,
    (isHeld, cause) =>
      new DatabaseStartError(
        isHeld
          ? `${path} is in use by another process. Stop that one first, or set DATA_DIR to another folder.`
          : `${path}.lock cannot be used as a lock (${codeOf(cause)}). Make room on the disk and its folder writable, or set DATA_DIR to another folder.`,
        { cause },
      ),
  );
}
