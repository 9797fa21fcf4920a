// The thread that writes one SQLite file. It is plain JavaScript, copied into dist/ unchanged, because Node loads it by its
// path: beside the compiled code in production, beside the sources in tests.
//
// A request is [flags, definitions, statements]. The thread answers [error, results], in the order of the requests.
//   definitions  [number, sql] of each statement that is used for the first time
//   statements   number, rows, count of parameters, parameters, for one statement after the other in one flat list, which
//                is cheaper to copy than nested lists. If rows is not 0, the next statement runs only if this one returns
//                or changes fewer rows.
//   results      the number of changed rows, or [columns or null, ...rows]; the columns are sent once for a statement
// Flags are bits: 1 begins a transaction, 2 commits it, 4 forgets all statements, 8 rolls back, 16 closes the file.
import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';

const [BEGIN, COMMIT, FORGET, ROLLBACK, CLOSE] = [1, 2, 4, 8, 16];

/** By number: the SQL text, and the prepared statement, null until its first use. */
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
  // These statements were sent before the client knew that the transaction failed. They must not run outside of it.
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

/** Ends the transaction, unless SQLite has ended it already. */
function rollBack() {
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
  } catch {
    // The client gets the error of the transaction. A connection that cannot roll back fails at its next BEGIN.
  }
}

/** The part of an error that is sent to the other thread. */
function factsOf(error) {
  return { message: String(error?.message ?? error), code: error?.code };
}
