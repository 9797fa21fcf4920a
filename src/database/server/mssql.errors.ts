import type { DatabaseServerConfig } from '../../config/index.js';
import type { SqlErrorKind } from '../sql.dialect.js';
import { certificateFault, codesOf, errorsOf, messageOf, type ServerFault } from './server.fault.js';

/** Numbers of errors (https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors). */
const UNIQUE_VIOLATIONS: ReadonlySet<number> = new Set([2601, 2627]);

/** Deadlock victim, and conflicts of snapshot isolation. */
const CONTENDED: ReadonlySet<number> = new Set([1205, 3960, 3961]);

/** The database does not open, or not yet: it resumes, fails over, recovers, or does not exist. */
const CANNOT_OPEN = 4060;

/**
 * The server of the connection is not, or no longer, the primary of the database: it is read-only (3906), a secondary that
 * takes no statements (976, 983) or only those with read-only intent (978), without a secondary for such an intent (979, 982),
 * without a quorum (988), offline (942) or between two states (952), or the database of Azure moves (40197, 40613). The
 * connection stays open but is useless; another one may reach the new primary.
 */
const LOST_PRIMARY: ReadonlySet<number> = new Set([
  942, 952, 976, 978, 979, 982, 983, 988, 3906, 40197, 40613,
]);

/**
 * Transient errors of a login, which pass by themselves: a server or database that starts, recovers, moves, fails over or is busy
 * (https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues).
 */
const TRANSIENT_LOGIN_ERRORS: ReadonlySet<number> = new Set([
  ...LOST_PRIMARY,
  615,
  921,
  922,
  926,
  927,
  4221,
  6005,
  10928,
  10929,
  17142,
  18401,
  18451,
  40501,
  42108,
  42109,
  49918,
  49919,
  49920,
]);

/** A permission that the login does not have, or no longer has. */
const MISSING_RIGHTS: ReadonlySet<number> = new Set([229, 230, 262, 297, 300, 916, 15247]);

/**
 * Errors of low severity that no row causes: a lock that was not granted, a refused login, a database that is read-only or
 * temporarily unavailable, a transaction that the server ended, a session that Azure ended for its use of resources, and
 * errors that an administrator has to fix, such as a revoked permission or a trigger on a table.
 */
const UNAVAILABLE_ERRORS: ReadonlySet<number> = new Set([
  ...TRANSIENT_LOGIN_ERRORS,
  CANNOT_OPEN,
  ...MISSING_RIGHTS,
  64,
  121,
  233,
  334,
  945,
  1204,
  1222,
  3908,
  3930,
  3998,
  5063,
  8645,
  8651,
  10053,
  10054,
  10060,
  18452,
  18456,
  40549,
  40550,
  40551,
  40552,
  40553,
]);

/** From this severity on the problem is in the server: resources, internal errors, its disk. */
const SERVER_SEVERITY = 17;

/** Classifies an error of SQL Server or its driver. */
export function mssqlErrorKind(error: unknown): SqlErrorKind {
  const { number, severity } = serverErrorOf(error);
  if (number === null) {
    // The driver rejected a parameter, such as a time before the year 1, and sent nothing.
    if (codesOf(error).includes('EPARAM')) return 'content';
    // Either a programming error or one of the connection.
    return error instanceof TypeError || error instanceof RangeError ? 'content' : 'unavailable';
  }
  if (UNIQUE_VIOLATIONS.has(number)) return 'conflict';
  if (CONTENDED.has(number)) return 'contended';
  return UNAVAILABLE_ERRORS.has(number) || severity >= SERVER_SEVERITY ? 'unavailable' : 'content';
}

/** True for the number of an error that means: the server of this connection is not the primary. */
export function isLostPrimary(number: number): boolean {
  return LOST_PRIMARY.has(number);
}

/** True if an error means that the login lacks a permission. */
export function mssqlLacksRight(error: unknown): boolean {
  const { number } = serverErrorOf(error);
  return number !== null && MISSING_RIGHTS.has(number);
}

/** The number and severity of an error of the server; no number if the error is not one of the server. */
function serverErrorOf(error: unknown): { number: number | null; severity: number } {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { number, class: severity, driverError, originalError, info } = at as Record<string, unknown>;
    if (typeof number === 'number') return { number, severity: typeof severity === 'number' ? severity : 0 };
    at = driverError ?? originalError ?? info;
  }
  return { number: null, severity: 0 };
}

/** Why SQL Server refuses a connection; null if it is only not available yet. */
export function mssqlConnectFault(error: unknown, config: DatabaseServerConfig): ServerFault | null {
  const codes = codesOf(error);
  const message = messageOf(error);
  const identity = identityFault(error, config);
  if (identity !== null) return identity;
  if (codes.includes('EINSTLOOKUP')) {
    return {
      cause: `SQL Server Browser does not tell its port (${message})`,
      remedy:
        'Check DB_INSTANCE, and that SQL Server Browser runs and its UDP port 1434 is open from here; or set DB_PORT to ' +
        'the port of the instance, and no DB_INSTANCE.',
      isTransient: true,
    };
  }
  if (codes.includes('ELOGIN')) return loginFault(serverErrorOf(error).number, message, config);
  if (codes.includes('EENCRYPT'))
    return { cause: `it wants another kind of connection (${message})`, remedy: 'Set DB_ENCRYPT=on.' };
  return certificateFault(error);
}

/** Why there is no token of Microsoft Entra ID; null if that is not the reason. */
function identityFault(error: unknown, { auth }: DatabaseServerConfig): ServerFault | null {
  const errors = errorsOf(error);
  const at = errors.findIndex((each) => (each as { readonly code?: unknown }).code === 'EFEDAUTH');
  if (at === -1) return null;
  // The error of the identity library follows the one of the driver; its first line says what is wrong.
  const reason = messageOf(errors[at + 1] ?? errors[at]).split('\n')[0] ?? '';
  const variables =
    auth.mode === 'entra-service-principal'
      ? 'DB_TENANT_ID, DB_CLIENT_ID and DB_CLIENT_SECRET'
      : 'DB_CLIENT_ID and the identity of this machine or pod';
  return {
    cause: `there is no token of Microsoft Entra ID for DB_AUTH=${auth.mode} (${reason})`,
    remedy: `Check ${variables}.`,
    // An identity may not be ready yet when a pod starts.
    isTransient: true,
  };
}

function loginFault(
  number: number | null,
  message: string,
  { name, user, auth }: DatabaseServerConfig,
): ServerFault {
  if (number === CANNOT_OPEN) {
    return {
      cause: `it has no database ${name} that ${user === '' ? 'this identity' : user} may use (${message})`,
      remedy:
        'Create it, give the login a user in it, or set DB_NAME to another. If it resumes or fails over, wait until it is up.',
      isTransient: true,
    };
  }
  if (number !== null && TRANSIENT_LOGIN_ERRORS.has(number)) {
    return {
      cause: `it takes no login now (${message})`,
      remedy: 'Look at the state of the server and its database, or wait longer: DB_BOOT_TIMEOUT_MS.',
      isTransient: true,
    };
  }
  return {
    cause: `it does not take the login ${auth.mode === 'sql' ? user : `of DB_AUTH=${auth.mode}`} (${message})`,
    remedy:
      auth.mode === 'sql'
        ? 'Check DB_USER and DB_PASSWORD.'
        : 'Create a user for this identity in the database: CREATE USER … FROM EXTERNAL PROVIDER.',
  };
}
