import type { DataSource } from 'typeorm';

/** How the migration commands reach the schema of a database. */
export interface SchemaAccess {
  /**
   * Calls work with a connection that may change the schema, while nobody else can; closes it afterwards.
   *
   * @throws DatabaseStartError if the database cannot be reached, or somebody else has it
   */
  change(work: (dataSource: DataSource) => Promise<void>): Promise<void>;
  /** The schema version, also beside a running service; 0 if there is no schema. */
  version(): Promise<number>;
}
