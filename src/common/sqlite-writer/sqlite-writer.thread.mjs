// The thread that writes one SQLite file. It is plain JavaScript, copied into dist/ as it is, because Node loads it by its
// path: beside the compiled client in production, beside the sources in tests.
//
// A request is [flags, definitions, statements] and is answered by [error, results], in order:
//   definitions  [number, sql] of each statement that is used for the first time
//   statements   number, rows, count of parameters, parameters, of one statement behind the other in one list, which costs
//                less to copy than many; where rows is not 0 and the statement gives fewer, the next one runs, else not
//   results      the number of changed rows, or [columns or null, ...rows]; the columns are told once for a statement
// Flags are bits: 1 begins a transaction, 2 commits it, 4 forgets all statements, 8 rolls back, 16 closes the file.
import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';

const [BEGIN, COMMIT, FORGET, ROLLBACK, CLOSE] = [1, 2, 4, 8, 16];

/** By number: the prepared statement, and whether its columns were told. */
const prepared = new Map();

const db = open();

function open() {
  const { path, busyTimeoutMs, pragmas } = workerData;
  try {
    const opened = new BetterSqlite3(path, { fileMustExist: true, timeout: busyTimeoutMs });
    for (const pragma of pragmas) opened.pragma(pragma);
    const journalMode = opened.pragma('journal_mode', { simple: true });
    const synchronous = opened.pragma('synchronous', { simple: true });
    parentPort.postMessage([null, [journalMode, synchronous]]);
    return opened;
  } catch (error) {
    parentPort.postMessage([factsOf(error), null]);
    parentPort.close();
    return null;
  }
}

parentPort.on('message', ([flags, definitions, statements]) => {
  if (flags & CLOSE) {
    db.close();
    parentPort.close();
    return;
  }
  try {
    parentPort.postMessage([null, answer(flags, definitions, statements)]);
  } catch (error) {
    rollBack();
    parentPort.postMessage([factsOf(error), null]);
  }
});

function answer(flags, definitions, statements) {
  if (flags & FORGET) prepared.clear();
  if (flags & ROLLBACK) rollBack();
  if (flags & BEGIN) db.exec('BEGIN IMMEDIATE');
  // What was sent before it was known that the transaction has failed must not be written on its own.
  else if (statements.length > 0 && !db.inTransaction) throw new Error('The transaction is over.');
  for (const [number, sql] of definitions) prepared.set(number, { sql, statement: null });
  const results = [];
  let isNeeded = true;
  for (let at = 0; at < statements.length;) {
    const [number, rows, count] = [statements[at], statements[at + 1], statements[at + 2]];
    const from = at + 3;
    at = from + count;
    const result = isNeeded ? run(number, statements.slice(from, at)) : null;
    results.push(result);
    isNeeded = rows === 0 || (typeof result === 'number' ? result : result.length - 1) < rows;
  }
  if (flags & COMMIT) db.exec('COMMIT');
  return results;
}

function run(number, parameters) {
  const known = prepared.get(number);
  if (known.statement !== null) {
    return known.statement.reader
      ? [null, ...known.statement.all(parameters)]
      : known.statement.run(parameters).changes;
  }
  const statement = db.prepare(known.sql);
  known.statement = statement;
  if (!statement.reader) return statement.run(parameters).changes;
  const columns = statement.columns().map(({ name }) => name);
  return [columns, ...statement.raw().all(parameters)];
}

/** Leaves the connection without a transaction, also where SQLite has ended it already. */
function rollBack() {
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
  } catch {
    // What made the transaction fail is told; a connection that cannot roll back says so at its next BEGIN.
  }
}

/** What crosses to the other thread of an error. */
function factsOf(error) {
  return { message: String(error?.message ?? error), code: error?.code };
}
