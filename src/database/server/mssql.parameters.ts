import type mssql from 'mssql';
import { MssqlParameter } from 'typeorm';
import type { SqlValue } from '../sql.dialect.js';

/** The length by which `mssql` knows `(MAX)`. */
export const MAX = 65_535;

/** The declared lengths of short texts: few, so that the server keeps few plans for a statement. */
export const KEY_LENGTH = 255;
const NAME_LENGTH = 8_000;

/** Characters that a VARCHAR stores with every collation. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * Sets the type of a parameter. By default the driver makes every string NVARCHAR, and a comparison with a VARCHAR column
 * would scan the index instead of seeking in it.
 */
export function bindParameter(value: SqlValue): unknown {
  if (value === null) return new MssqlParameter(null, 'varchar', KEY_LENGTH);
  if (typeof value !== 'string') return value;
  if (!ASCII.test(value) || value.length > NAME_LENGTH) return new MssqlParameter(value, 'nvarchar', MAX);
  return new MssqlParameter(value, 'varchar', value.length <= KEY_LENGTH ? KEY_LENGTH : NAME_LENGTH);
}

/** The driver, as its module exports it. */
type Mssql = typeof mssql;

/** Adds a parameter to a request of `mssql`, as TypeORM does. */
export function addParameter(driver: Mssql, request: mssql.Request, name: string, value: SqlValue): void {
  const bound = bindParameter(value);
  if (bound instanceof MssqlParameter) request.input(name, typeOf(driver, bound), bound.value);
  else request.input(name, bound);
}

/** @throws Error for an unknown type */
function typeOf(driver: Mssql, { type, params }: MssqlParameter): mssql.ISqlType {
  const size = params[0] as number;
  switch (type) {
    case 'varchar':
      return driver.VarChar(size);
    case 'nvarchar':
      return driver.NVarChar(size);
    case 'datetime2':
      return driver.DateTime2(size);
    default:
      throw new Error(`No parameter here has the type ${type}.`);
  }
}
