/** The guide for operators on how to restore a file. */
export const RESTORE_GUIDE = 'docs/guides/operations.md, "Backup and restore of the SQLite files"';

/** The code of an error, such as `SQLITE_FULL` or `EACCES`; otherwise its text. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}

/** True if an error, or its cause, means that the content of a file is damaged (https://sqlite.org/rescode.html). */
export function isDamage(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; depth < 10; depth += 1) {
    if (/^SQLITE_(CORRUPT|NOTADB)(_|$)/.test(codeOf(at))) return true;
    if (typeof at !== 'object' || at === null) return false;
    // TypeORM keeps the driver's error beside the cause.
    at = 'driverError' in at ? at.driverError : 'cause' in at ? at.cause : null;
  }
  return false;
}

/** True if an error comes from the disk or from another user of the file, so that a retry may succeed. */
export function isDiskTrouble(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|IOERR|FULL|CANTOPEN|PROTOCOL)(_|$)|^(ENOSPC|EDQUOT|EIO|EROFS|EMFILE|ENFILE|EFBIG)$/.test(
    codeOf(error),
  );
}
