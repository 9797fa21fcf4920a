import { insertIgnoringConflicts, updateReturning } from '../sql.text.js';
import type { SqlDialect, SqlErrorKind } from '../sql.dialect.js';

/**
 * Primary result codes after which the same write may succeed later (https://sqlite.org/rescode.html), and what
 * codes of `common/sqlite-writer/` for a thread that ended.
 */
const UNAVAILABLE =
  /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|INTERRUPT|IOERR|CORRUPT|FULL|CANTOPEN|PROTOCOL|NOTADB|THREAD_ENDED|WRITER_CLOSED)(_|$)/;

const CONFLICT = /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/;

/** The message of better-sqlite3, without a code, for a closed connection. */
const CLOSED = 'The database connection is not open';

/** SQLite through better-sqlite3: one file, one process. */
export const sqliteDialect: SqlDialect = {
  // SQLite takes 32 766; the smaller number keeps statements, and so the prepared ones, small.
  maxParameters: 2_000,
  exclusive: true,
  oneMessageWrites: Infinity,
  nameUnit: 'characters',
  statement: (sql) => sql,
  time: (time) => time.toISOString().replace('T', ' ').replace('Z', ''),
  text: (text) => text,
  readTime: (value) => new Date(`${String(value).replace(' ', 'T')}Z`),
  nowPlusMs: `strftime('%Y-%m-%d %H:%M:%f', 'now', (? / 1000.0) || ' seconds')`,
  update: updateReturning,
  insertNew: insertIgnoringConflicts,
  limit: ' LIMIT ?',
  bytesIn: (column) => `COALESCE(octet_length(${column}), 0)`,
  errorKind: sqliteErrorKind,
};

function sqliteErrorKind(error: unknown): SqlErrorKind {
  if (typeof error !== 'object' || error === null) return 'content';
  // TypeORM's QueryFailedError keeps the driver's error.
  const cause: unknown = 'driverError' in error ? error.driverError : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (UNAVAILABLE.test(code) || ('message' in error && String(error.message).includes(CLOSED)))
    return 'unavailable';
  return CONFLICT.test(code) ? 'conflict' : 'content';
}
