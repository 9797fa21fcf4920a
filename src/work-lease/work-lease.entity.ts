import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import type { SchemaDialect } from '../../migrations/column-types.js';
import { entityColumns, integer, key, nullable, timestamp, type ValuesOf } from '../common/columns/index.js';

const WORK_LEASE_COLUMNS = {
  /** The work. */
  name: key('name', 64),
  /** The instance that does the work; null: nobody. */
  owner: nullable(key('owner', 255)),
  /** Grows with each new holder. */
  fence: integer('fence'),
  /** By the clock of the database. */
  leaseUntil: nullable(timestamp('lease_until')),
};

type WorkLeaseRow = ValuesOf<typeof WORK_LEASE_COLUMNS>;

/** The entity of `work_lease`: one row for each work that one instance does for all. */
export function workLeaseEntity(dialect: SchemaDialect): EntitySchema<WorkLeaseRow> {
  const columns = entityColumns(WORK_LEASE_COLUMNS, dialect);
  const options = Object.assign(new EntitySchemaOptions<WorkLeaseRow>(), {
    name: 'WorkLease',
    tableName: 'work_lease',
    columns: { ...columns, name: { ...columns.name, primary: true } },
  });
  return new EntitySchema<WorkLeaseRow>(options);
}
