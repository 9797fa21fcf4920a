import { chmodSync, closeSync, existsSync, openSync, readdirSync, statSync } from 'node:fs';

/** Rights of other users on a file or folder. */
const OF_OTHERS = 0o077;

/** Everybody may write to the folder, as to /tmp. */
const STICKY = 0o1000;

/** Rights of a folder and of a file that only their user may use. */
export const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Files that the service and the embedded engine write to their folder; `lost+found` is on the volumes of a disk. */
const OWN_FILE =
  /^((fastify-camunda|embedded-engine)\.sqlite.*|embedded-engine\.token.*|deliveries-.*\.journal|lost\+found)$/;

/**
 * Makes a SQLite file private before SQLite opens it: creates it with the mode 0600, or takes the rights of others on it and
 * on its logs. SQLite gives new logs (`-wal`, `-shm`, `-journal`) the mode of their file.
 *
 * Never opens a file that exists: closing it would release the locks that this process holds on it (POSIX). Never throws: a
 * file of another user keeps its rights, and a folder that cannot be written is reported by SQLite.
 */
export function makeFilePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', PRIVATE_FILE));
  } catch {
    for (const suffix of ['', '-wal', '-shm', '-journal']) takeRights(`${path}${suffix}`);
  }
}

/**
 * Takes the rights of others on a folder, if it holds only files of the service: others may need a folder that holds more.
 *
 * @returns the mode that others can still use, for example `755`; null if they have no rights
 */
export function makeFolderPrivate(folder: string): string | null {
  try {
    const isShared = (statSync(folder).mode & STICKY) !== 0;
    if (!isShared && othersMay(folder) && readdirSync(folder).every((name) => OWN_FILE.test(name)))
      takeRights(folder);
    return othersMay(folder) ? (statSync(folder).mode & 0o777).toString(8) : null;
  } catch {
    return null;
  }
}

function othersMay(path: string): boolean {
  return (statSync(path).mode & OF_OTHERS) !== 0;
}

/** Takes the rights of others; those of the owner stay as they are. */
function takeRights(path: string): void {
  try {
    if (existsSync(path) && othersMay(path)) chmodSync(path, statSync(path).mode & 0o7777 & ~OF_OTHERS);
  } catch {
    // The path belongs to another user, as volumes of Kubernetes with an fsGroup do.
  }
}
