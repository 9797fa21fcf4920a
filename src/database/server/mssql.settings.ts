import { Logger } from '@nestjs/common';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import type { ServerSession } from './server.dialect.js';

/** The value of `delayed_durability` at which every commit is answered before it is on the disk. */
const DELAYED_DURABILITY_FORCED = 2;

/**
 * Looks at the settings of the database: ends a boot on one that forgets commits, and warns of one whose readers wait
 * for writers.
 *
 * @throws DatabaseStartError if commits are answered before they are on the disk
 */
export async function checkMssqlSettings(
  session: ServerSession,
  { name }: DatabaseServerConfig,
): Promise<void> {
  if ((await settingOf(session, 'delayed_durability')) === DELAYED_DURABILITY_FORCED) {
    throw new DatabaseStartError(
      `The database ${name} has DELAYED_DURABILITY = FORCED: commits are answered before they are on the disk, and what ` +
        `clients were told could be lost. Run ALTER DATABASE ${name} SET DELAYED_DURABILITY = DISABLED.`,
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
 * A setting of the database; undefined if the login may not look, or the server does not know the setting. By the name:
 * on Azure the id of `DB_ID()` may be another than the one in `sys.databases`.
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
