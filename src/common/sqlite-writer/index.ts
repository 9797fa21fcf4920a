export {
  NotDurableError,
  SqliteThreadEndedError,
  SqliteWriterClosedError,
  SqliteWriterError,
} from './sqlite-writer.errors.js';
export { type OpenTransaction, SqliteWriter } from './sqlite-writer.js';
export type { GuardedStatement, SqliteWriterOptions } from './sqlite-writer.types.js';
