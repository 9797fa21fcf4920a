import type { DatabaseAuthConfig } from './configuration.types.js';
import type { Environment, VariableName } from './environment.schema.js';
import { Secret } from './secret.js';

/** The variables that each mode of `DB_AUTH` needs, and those that it may have. */
const MODE_VARIABLES: Readonly<
  Record<
    DatabaseAuthConfig['mode'],
    { readonly needs: readonly VariableName[]; readonly takes: readonly VariableName[] }
  >
> = {
  // DB_USER is checked with the address of the server.
  sql: { needs: [], takes: ['DB_USER', 'DB_PASSWORD'] },
  'entra-default': { needs: [], takes: ['DB_CLIENT_ID'] },
  'entra-managed-identity': { needs: [], takes: ['DB_CLIENT_ID'] },
  'entra-service-principal': { needs: ['DB_TENANT_ID', 'DB_CLIENT_ID', 'DB_CLIENT_SECRET'], takes: [] },
};

/** The variables that belong to some of the modes only. */
const ALL = [
  'DB_USER',
  'DB_PASSWORD',
  'DB_TENANT_ID',
  'DB_CLIENT_ID',
  'DB_CLIENT_SECRET',
] as const satisfies readonly VariableName[];

/** Sentences for variables of the login that contradict each other. */
export function databaseAuthFaults(env: Environment, type: 'sqlite' | 'postgres' | 'mssql'): string[] {
  const { DB_AUTH: mode } = env;
  if (mode !== 'sql' && type !== 'mssql') return [`DB_AUTH=${mode} needs DB_TYPE=mssql.`];
  if (type === 'sqlite') return [];
  const { needs, takes } = MODE_VARIABLES[mode];
  const faults = needs
    .filter((name) => env[name] === undefined)
    .map((name) => `${name} must be set for DB_AUTH=${mode}.`);
  for (const name of ALL) {
    if (env[name] !== undefined && !needs.includes(name) && !takes.includes(name))
      faults.push(`${name} must not be set with DB_AUTH=${mode}.`);
  }
  if (mode !== 'sql' && env.DB_ENCRYPT === false)
    faults.push(`DB_ENCRYPT must not be off with DB_AUTH=${mode}: the token would travel unencrypted.`);
  return faults;
}

/** The login of the database server. @param paths files of the secrets by variable */
export function databaseAuthOf(env: Environment, paths: ReadonlyMap<string, string>): DatabaseAuthConfig {
  const { DB_AUTH: mode } = env;
  switch (mode) {
    case 'sql':
      return { mode };
    case 'entra-default':
    case 'entra-managed-identity':
      return { mode, clientId: env.DB_CLIENT_ID ?? null };
    case 'entra-service-principal':
      return {
        mode,
        tenantId: env.DB_TENANT_ID ?? '',
        clientId: env.DB_CLIENT_ID ?? '',
        clientSecret: new Secret(env.DB_CLIENT_SECRET ?? '', paths.get('DB_CLIENT_SECRET') ?? null),
      };
    default:
      return mode satisfies never;
  }
}
