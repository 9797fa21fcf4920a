import { Logger } from '@nestjs/common';
import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import { SCHEMA_VERSION } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import { assertCompatible, readSchemaVersion, updateSchema } from '../migration.runner.js';
import type { SchemaAccess } from '../schema.access.js';
import { connectToServer } from './server.connect.js';
import type { ServerDialect } from './server.dialect.js';
import { addressOf, messageOf } from './server.fault.js';
import { serverDialectOf } from './server.dialects.js';

/** How long an instance waits for another one that changes the schema, in ms. */
const LOCK_TIMEOUT_MS = 120_000;

/**
 * Brings the schema up to date, one instance at a time; with `DB_MIGRATE=off` checks that it is up to date.
 *
 * @throws DatabaseStartError if the schema is older than this code and may not be changed, or newer and not compatible
 */
export async function prepareServerSchema(
  dialect: ServerDialect,
  config: DatabaseServerConfig,
  signal?: AbortSignal,
): Promise<void> {
  await connected(
    dialect,
    config,
    async (dataSource) => {
      await dialect.checkSettings(dataSource, config);
      const version = await readSchemaVersion(dataSource);
      // Most boots find nothing to do, and need no lock.
      if (version > SCHEMA_VERSION) await assertCompatible(dataSource, version);
      else if (!config.migrate) assertSchema(version, config);
      else if (version < SCHEMA_VERSION)
        await underLock(dialect, config, dataSource, () => updateSchema(dataSource));
    },
    signal,
  );
}

/** The schema of a server; an application lock keeps other instances and commands away. */
export function serverSchemaAccess(config: DatabaseServerConfig): SchemaAccess {
  const dialect = serverDialectOf(config);
  return {
    change: (work) =>
      connected(dialect, config, (dataSource) =>
        underLock(dialect, config, dataSource, () => work(dataSource)),
      ),
    version: () => connected(dialect, config, readSchemaVersion),
  };
}

/** @throws DatabaseStartError also if the server fails or refuses a statement, mostly for a missing permission */
async function connected<T>(
  dialect: ServerDialect,
  config: DatabaseServerConfig,
  work: (dataSource: DataSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const dataSource = await connectToServer(dialect, config, 'schema', signal);
  try {
    return await work(dataSource);
  } catch (error) {
    if (error instanceof DatabaseStartError) throw error;
    const server = `${dialect.productName} at ${addressOf(config)}`;
    const kind = dialect.errorKind(error);
    if (!dialect.lacksRight(error) && (kind === 'unavailable' || kind === 'contended')) {
      throw new DatabaseStartError(
        `${server} failed while the schema was read or changed: ${messageOf(error)}. A migration that had begun was ` +
          'taken back. Start again.',
        { cause: error },
      );
    }
    if (!(error instanceof QueryFailedError)) throw error;
    throw new DatabaseStartError(
      `${server} refuses what the schema needs: ${messageOf(error)}. A migration ` +
        `that had begun was taken back. Give the login ${config.user} the right to create and use the tables; or run ` +
        'npm run migration:run with a login that has it, and set DB_MIGRATE=off.',
      { cause: error },
    );
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Runs work under the lock of the schema. The lock belongs to an open transaction of a separate session, because `mssql`
 * may use another session for each statement. The lock ends with its session.
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
      `Another session has changed the schema for more than ${LOCK_TIMEOUT_MS / 1_000} s (${messageOf(error)}). ` +
        'Find the migration that hangs, stop it, and start again.',
      { cause: error },
    );
  }
}

function assertSchema(version: number, { user }: DatabaseServerConfig): void {
  if (version < SCHEMA_VERSION) {
    // The servers hide a table from a login without any permission on it.
    const found = version === 0 ? `has no tables that ${user} may use` : `has schema version ${version}`;
    throw new DatabaseStartError(
      `The database ${found}, this version of the service needs schema version ${SCHEMA_VERSION}, and ` +
        'DB_MIGRATE is off. Run npm run migration:run once with the settings of this service, or set DB_MIGRATE=on.',
    );
  }
  new Logger('Database').log({ msg: 'The schema is up to date.', version });
}
