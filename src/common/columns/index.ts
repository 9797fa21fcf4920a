export {
  type Column,
  type ColumnDialect,
  flag,
  generatedId,
  integer,
  key,
  name,
  nullable,
  type SqlRow,
  type SqlValue,
  text,
  timestamp,
  type ValuesOf,
} from './column.js';
export { columnText } from './column.text.js';
export {
  assignmentsOf,
  entityColumns,
  fit,
  namesOf,
  nullsOf,
  omit,
  pick,
  rowReader,
  rowWriter,
} from './columns.js';
