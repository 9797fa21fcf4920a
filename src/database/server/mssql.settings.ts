import { Logger } from '@nestjs/common';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import type { ServerSession } from './server.dialect.js';

/** The value of `delayed_durability` with which every commit is confirmed before it is on the disk. */
const DELAYED_DURABILITY_FORCED = 2;

/**
 * Checks the settings of the database: stops the boot if commits may be lost, and warns if readers wait for writers.
 *
 * @throws DatabaseStartError if commits are confirmed before they are on the disk
 */
export async function checkMssqlSettings(
  session: ServerSession,
  { name }: DatabaseServerConfig,
): Promise<void> {
  if ((await settingOf(session, 'delayed_durability')) === DELAYED_DURABILITY_FORCED) {
    throw new DatabaseStartError(
      `The database ${name} has DELAYED_DURABILITY = FORCED: commits are confirmed before they are on the disk, and ` +
        `confirmed results could be lost. Run ALTER DATABASE ${name} SET DELAYED_DURABILITY = DISABLED.`,
    );
  }
  const isSnapshot = await settingOf(session, 'is_read_committed_snapshot_on');
  if (isSnapshot === false || isSnapshot === 0) {
    new Logger('Database').warn({
      msg:
        `The database ${name} has READ_COMMITTED_SNAPSHOT off: readers wait for writers, and under load reads time out. ` +
        `Run ALTER DATABASE ${name} SET READ_COMMITTED_SNAPSHOT ON.`,
    });
  }
}

/**
 * A setting of the database; undefined if the login may not read it, or the server does not know it. Selected by name,
 * because on Azure `DB_ID()` may differ from the id in `sys.databases`.
 */
async function settingOf(session: ServerSession, column: string): Promise<unknown> {
  try {
    const rows = (await session.query(
      `SELECT ${column} AS setting FROM sys.databases WHERE name = DB_NAME()`,
    )) as readonly { setting?: unknown }[];
    return rows[0]?.setting;
  } catch {
    return undefined;
  }
}
