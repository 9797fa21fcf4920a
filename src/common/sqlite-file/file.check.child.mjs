// Checks a SQLite file in a process of its own, which can be killed in the middle: [path, pragma] are its arguments. It
// prints the findings as JSON, [] for a file without fault. Plain JavaScript, because Node loads it by its path.
import BetterSqlite3 from 'better-sqlite3';

const [, , path, pragma] = process.argv;

try {
  const db = new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
  const rows = db.pragma(pragma).map((row) => String(Object.values(row)[0]));
  db.close();
  process.stdout.write(JSON.stringify({ findings: rows.filter((row) => row !== 'ok') }));
} catch (error) {
  const damage = /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code));
  process.stdout.write(JSON.stringify(damage ? { findings: [error.message] } : { fault: error.message }));
}
