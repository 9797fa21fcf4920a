/** A separate database on a server, for a run of tests. */
export interface TestDatabase {
  readonly variables: Record<string, string>;
  drop(): Promise<void>;
}

export function isConfigured(db: string): boolean;
export function createTestDatabase(db: string): Promise<TestDatabase>;
