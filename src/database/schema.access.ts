import type { DataSource } from 'typeorm';

/** The access of the migration commands to the schema of a database. */
export interface SchemaAccess {
  /**
   * Calls work with a connection that has exclusive access to the schema, and closes it afterwards.
   *
   * @throws DatabaseStartError if the database is unavailable, or another process uses it
   */
  change(work: (dataSource: DataSource) => Promise<void>): Promise<void>;
  /** The schema version, also while the service runs; 0 if there is no schema. */
  version(): Promise<number>;
}
