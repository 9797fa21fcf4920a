import { isIPv4 } from 'node:net';
import type { AuthConfig, Configuration } from './configuration.types.js';
import type { Environment } from './environment.schema.js';

/** The variables that only one mode uses. */
const VARIABLES_OF = {
  'api-key': ['API_KEYS_FILE'],
  jwt: ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'],
} as const;

/** What contradicts in the variables of callers. */
export function authFaults(env: Environment): string[] {
  return [...modeFaults(env), ...unusedFaults(env)];
}

/** A variable without its mode would leave the service open, although its operator set up authentication. */
function unusedFaults(env: Environment): string[] {
  const modes = env.AUTH_MODE ?? ['none'];
  const faults = (['api-key', 'jwt'] as const)
    .filter((mode) => !modes.includes(mode))
    .flatMap((mode) =>
      VARIABLES_OF[mode]
        .filter((name) => env[name] !== undefined)
        .map((name) => `${name} is used only with AUTH_MODE=${mode}: set that, or unset ${name}.`),
    );
  if (env.RATE_LIMIT_REDIS_URL !== undefined && env.RATE_LIMIT_MAX === undefined)
    faults.push(
      'RATE_LIMIT_REDIS_URL is used only with RATE_LIMIT_MAX, and without it there is no limit: set that, or unset RATE_LIMIT_REDIS_URL.',
    );
  return faults;
}

function modeFaults(env: Environment): string[] {
  const { AUTH_MODE: modes } = env;
  if (modes === undefined) {
    return env.NODE_ENV === 'production'
      ? [
          'AUTH_MODE must be set in production: api-key, jwt or both; none lets everybody who reaches the port start, read, complete and cancel.',
        ]
      : [];
  }
  if (modes.includes('none'))
    return modes.length > 1 ? ['AUTH_MODE must not have none together with another mode.'] : [];
  const faults: string[] = [];
  if (modes.includes('api-key') && env.API_KEYS_FILE === undefined)
    faults.push('API_KEYS_FILE must be set for AUTH_MODE=api-key. npm run api-key writes it.');
  if (modes.includes('jwt')) {
    for (const name of ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const)
      if (env[name] === undefined) faults.push(`${name} must be set for AUTH_MODE=jwt.`);
  }
  return faults;
}

/** Warns of a service without authentication that other machines can reach. */
export function adviseOnCallers({ auth, http }: Pick<Configuration, 'auth' | 'http'>): string[] {
  const isLocal =
    http.host === 'localhost' || http.host === '::1' || (isIPv4(http.host) && http.host.startsWith('127.'));
  return auth.open && !isLocal
    ? [
        `The service authenticates no caller: everybody who reaches it on ${http.host} may start, read, complete and cancel processes. Set AUTH_MODE, or let only a gateway that authenticates each request reach the port.`,
      ]
    : [];
}

/** The group of the variables of callers. */
export function authOf(env: Environment): AuthConfig {
  const modes = env.AUTH_MODE ?? ['none'];
  return {
    open: modes.includes('none'),
    apiKeysFile: modes.includes('api-key') ? (env.API_KEYS_FILE ?? '') : null,
    jwt: modes.includes('jwt')
      ? {
          jwksUrl: env.JWT_JWKS_URL ?? '',
          issuer: env.JWT_ISSUER ?? '',
          audience: env.JWT_AUDIENCE ?? [],
          algorithms: env.JWT_ALGORITHMS,
          scopeClaim: env.JWT_SCOPE_CLAIM ?? null,
          clockToleranceMs: env.JWT_CLOCK_TOLERANCE_MS,
          jwksCooldownMs: env.JWT_JWKS_COOLDOWN_MS,
        }
      : null,
  };
}
