export {
  type Column,
  type ColumnDialect,
  type Columns,
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
  type TypedSqlValue,
  type ValuesOf,
} from './column.js';
export { columnText, type ColumnUnit } from './column.text.js';
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
