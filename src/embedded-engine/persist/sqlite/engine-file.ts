import { existsSync } from 'node:fs';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import {
  codeOf,
  type FileLock,
  isDamage,
  isNoPermission,
  noPermission,
  RESTORE_GUIDE,
} from '../../../common/sqlite-file/index.js';
import { EngineFileError } from './engine-file.errors.js';
import { lockEngineFile } from './engine-file.lock.js';

/** Version of the tables and of the texts in them; a newer one is rejected. */
const FILE_FORMAT = 1;

/** "FCEE" in the file's header, so that files of other programs are rejected. */
const APPLICATION_ID = 0x46_43_45_45;

/**
 * Size of the write-ahead log, in pages, from which it is checkpointed: 8 MB. A larger log means longer pauses, a
 * smaller one more work.
 */
const CHECKPOINT_PAGES = 2_000;

/** `synchronous=FULL` of SQLite. */
const FULL = 2;

/**
 * `seq` numbers the instances in the order of their start and is the key of everything that belongs to one. A running
 * instance is one row; when it ends it becomes a row of `ended`, with a column for each search criterion. Each write of
 * an instance appends its new history, so a step costs only what it changed. Append-only tables write the fewest pages.
 */
const SCHEMA = `
  CREATE TABLE deployment (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL);
  CREATE TABLE resource (deployment_id TEXT NOT NULL, position INTEGER NOT NULL, document TEXT NOT NULL,
    bytes BLOB NOT NULL, PRIMARY KEY (deployment_id, position));
  CREATE TABLE running (seq INTEGER PRIMARY KEY, snapshot TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE ended (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, business_key TEXT,
    definition_id TEXT NOT NULL, definition_key TEXT NOT NULL, definition_name TEXT, definition_version INTEGER NOT NULL,
    start_time INTEGER NOT NULL, end_time INTEGER, removal_time INTEGER, start_activity_id TEXT NOT NULL,
    end_activity_id TEXT, delete_reason TEXT, super_id TEXT, root_id TEXT NOT NULL, tenant_id TEXT,
    state TEXT NOT NULL, had_incident INTEGER NOT NULL);
  CREATE INDEX ended_business_key ON ended (business_key) WHERE business_key IS NOT NULL;
  CREATE INDEX ended_start_time ON ended (start_time);
  CREATE INDEX ended_end_time ON ended (end_time);
  CREATE INDEX ended_removal_time ON ended (removal_time) WHERE removal_time IS NOT NULL;
  CREATE INDEX ended_super_id ON ended (super_id) WHERE super_id IS NOT NULL;
  CREATE TABLE history_part (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, records TEXT NOT NULL);
  CREATE INDEX history_part_seq ON history_part (seq);
  CREATE TABLE large_text (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, content TEXT NOT NULL);
  CREATE INDEX large_text_seq ON large_text (seq);
`;

/** The engine's file, locked and open. */
export interface EngineFile {
  readonly path: string;
  readonly db: Database;
  close(): void;
}

/** How a file is opened. */
export interface EngineFileAccess {
  /** A lock that the caller holds and releases; absent: the file is locked, and unlocked when it is closed. */
  readonly lock?: FileLock;
  /** The file was open before in this process: it must exist and accept a write. */
  readonly isAgain?: boolean;
}

/**
 * Opens the file, or creates it with its folder.
 *
 * @throws EngineFileError with a sentence that names the cause and the remedy
 */
export function openEngineFile(
  path: string,
  { lock: held, isAgain = false }: EngineFileAccess = {},
): EngineFile {
  const lock = held ?? lockEngineFile(path);
  const release = (): void => {
    if (held === undefined) lock.release();
  };
  let db: Database | undefined;
  try {
    if (isAgain && !existsSync(path)) {
      throw new EngineFileError(
        `${path} no longer exists. Restore both files from a backup as ${RESTORE_GUIDE} says, and restart.`,
      );
    }
    db = new BetterSqlite3(path, { timeout: 5_000, fileMustExist: isAgain });
    prepare(db, path);
    if (isAgain) checkpointLog(db);
    return openedFile(path, db, release);
  } catch (error) {
    db?.close();
    release();
    throw error instanceof EngineFileError ? error : unusable(path, error);
  }
}

/** The error for a file that SQLite cannot read or write, or whose content is invalid. */
export function unusable(path: string, error: unknown): EngineFileError {
  if (error instanceof EngineFileError) return error;
  const code = codeOf(error);
  if (isDamage(error) || error instanceof SyntaxError) return damaged(path, code, error);
  if (isNoPermission(error)) {
    const remedy = 'Grant this user write permission for the file and its folder, or use another folder.';
    return new EngineFileError(`${noPermission(path, error)} ${remedy}`, { cause: error });
  }
  return new EngineFileError(
    `${path} cannot be used (${code}). Free disk space and make the file and its folder writable, or use another folder.`,
    { cause: error },
  );
}

/** @param finding describes the damage */
export function damaged(path: string, finding: string, cause?: unknown): EngineFileError {
  return new EngineFileError(
    `${path} is damaged or not an engine's file (${finding}). Restore it from a backup as ${RESTORE_GUIDE} says, or move it away to start with an empty one.`,
    { cause, isDamaged: true },
  );
}

function openedFile(path: string, db: Database, release: () => void): EngineFile {
  return {
    path,
    db,
    close: () => {
      db.close();
      release();
    },
  };
}

/**
 * Checkpoints the log, with a new flush. After a failed flush the operating system may return commits of the log that
 * never reached the disk; nothing may be written after them.
 *
 * @throws SqliteError if the disk still rejects writes
 */
function checkpointLog(db: Database): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
}

function prepare(db: Database, path: string): void {
  const mode = db.pragma('journal_mode = wal', { simple: true });
  db.pragma('synchronous = FULL');
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  const synchronous = db.pragma('synchronous', { simple: true });
  if (mode !== 'wal' || synchronous !== FULL) {
    throw new EngineFileError(
      `${path} runs with journal_mode=${String(mode)} and synchronous=${String(synchronous)} instead of wal and 2 (FULL): ` +
        'its file system may not support a write-ahead log. Use a local disk.',
    );
  }
  const tables = db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (tables === 0) createSchema(db);
  assertKnownFormat(db, path);
  assertWritable(db);
}

function createSchema(db: Database): void {
  db.transaction(() => {
    db.exec(SCHEMA);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${FILE_FORMAT}`);
  }).immediate();
}

/**
 * SQLite opens a read-only file without an error, and even BEGIN IMMEDIATE only reads it, so the format is written
 * again.
 *
 * @throws SqliteError SQLITE_READONLY
 */
function assertWritable(db: Database): void {
  db.pragma(`user_version = ${FILE_FORMAT}`);
}

function assertKnownFormat(db: Database, path: string): void {
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new EngineFileError(`${path} is another program's SQLite file. Use another folder.`);
  }
  const format = Number(db.pragma('user_version', { simple: true }));
  if (format === FILE_FORMAT) return;
  const remedy =
    format > FILE_FORMAT ? 'Run the newer version of the engine' : 'Move it away to start with an empty one';
  throw new EngineFileError(
    `${path} has format ${format}; this engine reads and writes format ${FILE_FORMAT}. ${remedy}, or use another folder.`,
  );
}
