import { existsSync } from 'node:fs';
import { DataSource } from 'typeorm';
import { readSchemaVersion } from '../migration.runner.js';
import type { SchemaAccess } from '../schema.access.js';
import { lockDatabase, prepareDataDir, sqlitePath } from './sqlite.files.js';
import { sqliteOptions } from './sqlite.options.js';

/** The access to the schema of the file in a folder; its lock excludes the service. */
export function sqliteSchemaAccess(dataDir: string): SchemaAccess {
  return {
    change: async (work) => {
      prepareDataDir(dataDir);
      const lock = lockDatabase(sqlitePath(dataDir));
      const dataSource = new DataSource(sqliteOptions(dataDir).migrator);
      try {
        await dataSource.initialize();
        await work(dataSource);
      } finally {
        if (dataSource.isInitialized) await dataSource.destroy();
        lock.release();
      }
    },
    version: async () => {
      if (!existsSync(sqlitePath(dataDir))) return 0;
      const dataSource = new DataSource(sqliteOptions(dataDir).reader);
      await dataSource.initialize();
      try {
        return await readSchemaVersion(dataSource);
      } finally {
        await dataSource.destroy();
      }
    },
  };
}
