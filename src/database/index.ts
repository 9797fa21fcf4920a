export { DatabaseStartError, DatabaseUnavailableError } from './database.errors.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseService } from './database.service.js';
export { PostgresNotifications } from './server/postgres.notifications.js';
export { fitInto, type SizedRow } from './sized.rows.js';
export { sqlitePath } from './sqlite/sqlite.files.js';
export type { SqlDialect, SqlExecutor, SqlRow, SqlStatement, SqlValue } from './sql.dialect.js';
export { bytesOf, inBatches, placeholders } from './sql.text.js';
export {
  type WriteKind,
  type WriteOptions,
  WriteQueueClosedError,
  WriteQueueFullError,
  WriteQueueService,
  WriteRefusedError,
  WriteWithdrawnError,
} from './write-queue/index.js';
