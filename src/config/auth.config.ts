import type { AuthConfig } from './configuration.types.js';
import type { Environment } from './environment.schema.js';

/** What contradicts in the variables of callers. */
export function authFaults(env: Environment): string[] {
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
