import type { DatabaseServerConfig } from './configuration.types.js';
import type { Environment } from './environment.schema.js';

/** What is wrong with the variables of the address of a database server. */
export function databaseAddressFaults(
  env: Environment,
  type: 'sqlite' | DatabaseServerConfig['type'],
): string[] {
  const faults: string[] = [];
  if (type !== 'mssql') {
    if (env.DB_INSTANCE !== undefined) faults.push('DB_INSTANCE needs DB_TYPE=mssql.');
    if (env.DB_MULTI_SUBNET_FAILOVER) faults.push('DB_MULTI_SUBNET_FAILOVER=on needs DB_TYPE=mssql.');
    if (env.DB_READ_ONLY_INTENT)
      faults.push(
        `DB_READ_ONLY_INTENT=on needs DB_TYPE=mssql${type === 'sqlite' ? '' : ': set DB_READ_ONLY_HOST to a standby of PostgreSQL'}.`,
      );
    if (type === 'sqlite' && env.DB_READ_ONLY_HOST !== undefined)
      faults.push('DB_READ_ONLY_HOST needs a database server: set DB_TYPE and DB_HOST.');
    return faults;
  }
  if (env.DB_INSTANCE !== undefined && env.DB_PORT !== undefined)
    faults.push(
      'DB_PORT must not be set with DB_INSTANCE: SQL Server Browser tells the port. Unset one of them.',
    );
  if (env.DB_HOST?.includes('\\') === true)
    faults.push('DB_HOST must be the server alone: set DB_INSTANCE to the name after the backslash.');
  if (env.DB_READ_ONLY_HOST?.includes('\\') === true)
    faults.push(
      'DB_READ_ONLY_HOST must be the server alone: DB_INSTANCE names the instance of both servers.',
    );
  return faults;
}
