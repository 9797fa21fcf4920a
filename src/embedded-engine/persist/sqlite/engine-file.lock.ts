import { dirname } from 'node:path';
import {
  codeOf,
  type FileLock,
  findUnwritable,
  isNoPermission,
  lockFile,
  makeFolder,
  makeFolderPrivate,
  noPermission,
} from '../../../common/sqlite-file/index.js';
import { EngineFileError } from './engine-file.errors.js';

/**
 * Locks an engine's file, without waiting; creates the folder of the file if it does not exist, and makes folder and files private.
 *
 * @throws EngineFileError if another process, or another engine of this one, holds the lock, or the folder cannot be
 * used
 */
export function lockEngineFile(path: string): FileLock {
  const folder = dirname(path);
  prepareFolder(folder);
  assertPermission([folder, path, `${path}.lock`]);
  makeFolderPrivate(folder);
  return lockFile(
    path,
    (isHeld, cause) =>
      new EngineFileError(
        isHeld
          ? `${path} is in use by another engine. Stop that one first, or use another folder.`
          : `${path}.lock cannot be used as a lock (${codeOf(cause)}). Free disk space and make its folder writable, or use another folder.`,
        { cause },
      ),
  );
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
