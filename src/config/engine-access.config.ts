import type { EngineAuthConfig, TlsFilesConfig } from './configuration.types.js';
import type { Environment, VariableName } from './environment.schema.js';
import { Secret } from './secret.js';
import { tlsFilesFault } from './tls.files.js';

type AuthMode = EngineAuthConfig['mode'];

/** The variables of each mode of `CAMUNDA_AUTH`; those in `needs` must be set. */
const MODE_VARIABLES: Readonly<
  Record<AuthMode, { readonly needs: readonly VariableName[]; readonly takes: readonly VariableName[] }>
> = {
  none: { needs: [], takes: [] },
  basic: { needs: ['CAMUNDA_USERNAME', 'CAMUNDA_PASSWORD'], takes: [] },
  bearer: { needs: ['CAMUNDA_TOKEN'], takes: [] },
  oauth2: {
    needs: ['CAMUNDA_TOKEN_URL', 'CAMUNDA_CLIENT_ID', 'CAMUNDA_CLIENT_SECRET'],
    takes: ['CAMUNDA_TOKEN_SCOPE', 'CAMUNDA_TOKEN_AUDIENCE'],
  },
};

const TLS_VARIABLES = [
  'CAMUNDA_TLS_CA_FILE',
  'CAMUNDA_TLS_CERT_FILE',
  'CAMUNDA_TLS_KEY_FILE',
  'CAMUNDA_TLS_KEY_PASSPHRASE',
] as const satisfies readonly VariableName[];

/** User and password in the base URL; null if it has none. */
function urlCredentials({ CAMUNDA_BASE_URL: text }: Environment): { user: string; password: string } | null {
  if (text === undefined) return null;
  const { username, password } = new URL(text);
  if (username === '' && password === '') return null;
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

function modeOf(env: Environment): AuthMode {
  return env.CAMUNDA_AUTH ?? (urlCredentials(env) === null ? 'none' : 'basic');
}

/** Sentences for variables of the engine's credentials and certificates that contradict each other. */
export function engineAccessFaults(env: Environment): string[] {
  return env.CAMUNDA_BASE_URL === undefined ? embeddedFaults(env) : [...authFaults(env), ...tlsFaults(env)];
}

/** The embedded engine has a token of its own. */
function embeddedFaults(env: Environment): string[] {
  const ofAuth = Object.values(MODE_VARIABLES).flatMap(({ needs, takes }) => [...needs, ...takes]);
  const set = [...ofAuth, ...TLS_VARIABLES].filter((name) => env[name] !== undefined);
  if (env.CAMUNDA_AUTH !== undefined && env.CAMUNDA_AUTH !== 'none') set.unshift('CAMUNDA_AUTH');
  return set.map(
    (name) => `${name} needs CAMUNDA_BASE_URL: without it the service runs the embedded engine.`,
  );
}

function authFaults(env: Environment): string[] {
  const mode = modeOf(env);
  const { needs } = MODE_VARIABLES[mode];
  const inUrl = urlCredentials(env) !== null;
  const faults = Object.entries(MODE_VARIABLES)
    .filter(([other]) => other !== mode)
    .flatMap(([other, variables]) =>
      [...variables.needs, ...variables.takes]
        .filter((name) => env[name] !== undefined)
        .map((name) => `${name} is used only with CAMUNDA_AUTH=${other}: set that, or unset ${name}.`),
    );
  if (inUrl && mode !== 'basic')
    faults.push(
      `CAMUNDA_BASE_URL must have no user and password with CAMUNDA_AUTH=${mode}: the service would not send them.`,
    );
  const missing = needs.filter((name) => env[name] === undefined);
  if (!inUrl || mode !== 'basic') {
    faults.push(...missing.map((name) => `${name} must be set for CAMUNDA_AUTH=${mode}.`));
  } else if (missing.length < needs.length) {
    faults.push(
      'CAMUNDA_BASE_URL must have no user and password beside CAMUNDA_USERNAME and CAMUNDA_PASSWORD.',
    );
  }
  if (env.CAMUNDA_USERNAME?.includes(':') === true)
    faults.push('CAMUNDA_USERNAME must have no colon: basic authentication cannot send it.');
  if (env.CAMUNDA_TOKEN !== undefined && !isToken(env.CAMUNDA_TOKEN))
    faults.push('CAMUNDA_TOKEN must be one token without spaces and line breaks, and without "Bearer".');
  return faults;
}

/** True for a text that can be sent as the token of an `Authorization` header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function tlsFaults(env: Environment): string[] {
  const set = TLS_VARIABLES.filter((name) => env[name] !== undefined);
  if (set.length === 0) return [];
  if (!env.CAMUNDA_BASE_URL?.toLowerCase().startsWith('https:'))
    return set.map((name) => `${name} needs an https:// URL in CAMUNDA_BASE_URL.`);
  const { CAMUNDA_TLS_CERT_FILE: cert, CAMUNDA_TLS_KEY_FILE: key } = env;
  if ((cert === undefined) !== (key === undefined))
    return ['CAMUNDA_TLS_CERT_FILE and CAMUNDA_TLS_KEY_FILE must be set together.'];
  if (key === undefined && env.CAMUNDA_TLS_KEY_PASSPHRASE !== undefined)
    return ['CAMUNDA_TLS_KEY_PASSPHRASE needs CAMUNDA_TLS_KEY_FILE.'];
  const tls = engineTlsOf(env, new Map());
  const fault = tls === null ? null : tlsFilesFault(tls, 'CAMUNDA_TLS');
  return fault === null ? [] : [fault];
}

/** The credentials for the engine. @param paths files of the secrets by variable */
export function engineAuthOf(env: Environment, paths: ReadonlyMap<string, string>): EngineAuthConfig {
  const secretOf = (name: 'CAMUNDA_PASSWORD' | 'CAMUNDA_TOKEN' | 'CAMUNDA_CLIENT_SECRET'): Secret =>
    new Secret(String(env[name]), paths.get(name) ?? null);
  const mode = modeOf(env);
  if (env.CAMUNDA_BASE_URL === undefined) return { mode: 'none' };
  switch (mode) {
    case 'none':
      return { mode };
    case 'basic': {
      const inUrl = urlCredentials(env);
      return inUrl === null
        ? {
            mode,
            username: env.CAMUNDA_USERNAME ?? '',
            password: secretOf('CAMUNDA_PASSWORD'),
            inUrl: false,
          }
        : { mode, username: inUrl.user, password: new Secret(inUrl.password), inUrl: true };
    }
    case 'bearer':
      return { mode, token: secretOf('CAMUNDA_TOKEN') };
    case 'oauth2':
      return {
        mode,
        tokenUrl: env.CAMUNDA_TOKEN_URL ?? '',
        clientId: env.CAMUNDA_CLIENT_ID ?? '',
        clientSecret: secretOf('CAMUNDA_CLIENT_SECRET'),
        clientAuth: env.CAMUNDA_CLIENT_AUTH,
        scope: env.CAMUNDA_TOKEN_SCOPE ?? null,
        audience: env.CAMUNDA_TOKEN_AUDIENCE ?? null,
      };
    default:
      return mode satisfies never;
  }
}

/** The certificates for the engine; null if none are configured. @param paths files of the secrets by variable */
export function engineTlsOf(env: Environment, paths: ReadonlyMap<string, string>): TlsFilesConfig | null {
  if (TLS_VARIABLES.every((name) => env[name] === undefined)) return null;
  const passphrase = env.CAMUNDA_TLS_KEY_PASSPHRASE;
  return {
    caFile: env.CAMUNDA_TLS_CA_FILE ?? null,
    certFile: env.CAMUNDA_TLS_CERT_FILE ?? null,
    keyFile: env.CAMUNDA_TLS_KEY_FILE ?? null,
    passphrase:
      passphrase === undefined
        ? null
        : new Secret(passphrase, paths.get('CAMUNDA_TLS_KEY_PASSPHRASE') ?? null),
  };
}
