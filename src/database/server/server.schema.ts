import { Logger } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import { SCHEMA_VERSION } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import { assertNotNewer, readSchemaVersion, updateSchema } from '../migration.runner.js';
import type { SchemaAccess } from '../schema.access.js';
import { connectToServer } from './server.connect.js';
import type { ServerDialect } from './server.dialect.js';
import { messageOf } from './server.fault.js';
import { serverDialectOf } from './server.dialects.js';

/** How long one waits for another that changes the schema, in ms. */
const LOCK_TIMEOUT_MS = 120_000;

/**
 * Brings the schema up to date, one instance at a time; with `DB_MIGRATE=off` makes sure that somebody did.
 *
 * @throws DatabaseStartError where the schema is older than this code and may not be changed, or newer
 */
export async function prepareServerSchema(
  dialect: ServerDialect,
  config: DatabaseServerConfig,
  signal?: AbortSignal,
): Promise<void> {
  const dataSource = await connectToServer(dialect, config, 'schema', signal);
  try {
    if (config.migrate) {
      // Most boots find nothing to do, and need no lock for it.
      if ((await readSchemaVersion(dataSource)) !== SCHEMA_VERSION)
        await underLock(dialect, config, dataSource, () => updateSchema(dataSource));
    } else await assertSchema(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The schema of a server; an application lock keeps other instances and commands away. */
export function serverSchemaAccess(config: DatabaseServerConfig): SchemaAccess {
  const dialect = serverDialectOf(config);
  const connected = async <T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> => {
    const dataSource = await connectToServer(dialect, config, 'schema');
    try {
      return await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  };
  return {
    change: (work) =>
      connected((dataSource) => underLock(dialect, config, dataSource, () => work(dataSource))),
    version: () => connected(readSchemaVersion),
  };
}

/**
 * Does work while this session has the lock of the schema. The lock belongs to a transaction that is held open beside
 * the work, because `mssql` hands out sessions by the statement; it goes with the session, however that ends.
 */
async function underLock(
  dialect: ServerDialect,
  config: DatabaseServerConfig,
  dataSource: DataSource,
  work: () => Promise<void>,
): Promise<void> {
  const session = dataSource.createQueryRunner();
  try {
    await session.startTransaction();
    await lock(dialect, session);
    if (config.schema !== null) await dialect.createSchema(dataSource, config.schema);
    await work();
    await session.commitTransaction();
  } finally {
    if (session.isTransactionActive) await session.rollbackTransaction().catch(() => undefined);
    await session.release();
  }
}

async function lock(dialect: ServerDialect, session: QueryRunner): Promise<void> {
  try {
    await dialect.lockSchema(session, LOCK_TIMEOUT_MS);
  } catch (error) {
    throw new DatabaseStartError(
      `The schema is being changed by somebody else for more than ${LOCK_TIMEOUT_MS / 1_000} s (${messageOf(error)}). ` +
        'Look for a migration that hangs, end it, and start again.',
      { cause: error },
    );
  }
}

async function assertSchema(dataSource: DataSource): Promise<void> {
  const version = await readSchemaVersion(dataSource);
  assertNotNewer(version);
  if (version < SCHEMA_VERSION) {
    throw new DatabaseStartError(
      `The database has schema version ${version}, this version of the service needs ${SCHEMA_VERSION}, and ` +
        'DB_MIGRATE is off. Run npm run migration:run once with the settings of this service, or set DB_MIGRATE=on.',
    );
  }
  new Logger('Database').log({ msg: 'The schema is up to date.', version });
}
