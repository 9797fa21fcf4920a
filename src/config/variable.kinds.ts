// The kinds of values that a variable may have: each checks the text of the environment and converts it.
import { isIP } from 'node:net';
import { z } from 'zod';
import { isRedactedPath } from '../common/redaction/index.js';
import { parseRedisUrl, REDIS_URL_FORM } from '../common/urls/index.js';

/** Longest delay of setTimeout: 2^31 − 1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

const unsetWhenEmpty = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string({ error })
    .trim()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .pipe(z.number().min(min, { error }).max(max, { error }));
}

/** A duration that a timer can wait for. @param min in ms */
export const milliseconds = (min = 0) => wholeNumber(min, MAX_TIMER_MS);

/** Text without spaces at its ends. */
export const text = () => z.string({ error: 'must be text' }).trim();

/** One of the values. */
export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `must be one of: ${values.join(', ')}` });
}

/** Words separated by commas or spaces, each once. */
export function listOf<const T extends readonly [string, ...string[]]>(...values: T) {
  const error = `must be one or more of: ${values.join(', ')}`;
  return z
    .string({ error })
    .transform((value) => [...new Set(value.split(/[\s,]+/).filter((word) => word !== ''))])
    .refine((words) => words.length > 0 && words.every((word) => values.includes(word)), { error })
    .transform((words) => words as T[number][]);
}

/** `2`, or addresses and networks: `10.0.0.5, 10.1.0.0/16, loopback`. */
export function trustedProxies() {
  const error =
    'must be a number of proxies from 1 to 10, or addresses and networks separated by commas, for example 10.0.0.0/8';
  return z
    .string({ error })
    .transform((value) => value.split(/[\s,]+/).filter((word) => word !== ''))
    .refine((words) => words.length > 0 && (isHops(words) || words.every(isAddresses)), { error })
    .transform((words): number | string[] => (isHops(words) ? Number(words[0]) : words));
}

function isHops(words: readonly string[]): boolean {
  return words.length === 1 && /^([1-9]|10)$/.test(words[0] ?? '');
}

/** An address, a network, or one of the names that Fastify knows. */
function isAddresses(word: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(word)) return true;
  const [address = '', prefix, ...more] = word.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return isIP(address) !== 0 && isPrefix && more.length === 0;
}

/** `on` or `off`, as a boolean. */
export const onOff = () => oneOf('on', 'off').transform((value) => value === 'on');

/** An http or https URL without a slash at the end of its path. */
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be an absolute http:// or https:// URL' })
    .refine(hasReadableCredentials, {
      error: 'must percent-encode its user name and password, for example % as %25',
    })
    .transform((value) => value.replace(/^([^?#]*?)\/+(?=[?#]|$)/, '$1'));

/** Finds an invalid percent-encoding at boot instead of at each call. */
function hasReadableCredentials(value: string): boolean {
  // An invalid URL is reported by the check before.
  if (!URL.canParse(value)) return true;
  const { username, password } = new URL(value);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

/** A URL to which paths are appended as strings. */
export const httpBaseUrl = () =>
  httpUrl().refine((value) => !/[?#]/.test(value), { error: 'must have no query and no fragment' });

/** Origins of websites (https://www.rfc-editor.org/rfc/rfc6454), separated by commas or spaces. */
export const origins = () =>
  text()
    .transform((value) => value.split(/[\s,]+/).filter((each) => each !== ''))
    .refine((values) => values.every(isOrigin), {
      error:
        'must be a list of origins such as https://app.example.com, separated by commas: scheme, host and port without a path; "*" is not allowed',
    });

function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** The URL of a server, Sentinels or a cluster of Redis. */
export const redisUrl = () =>
  text().refine((value) => parseRedisUrl(value) !== null, { error: REDIS_URL_FORM });

/** Regular expressions, separated by spaces. */
export const patterns = () =>
  text()
    .transform((value) => value.split(/\s+/))
    .refine((values) => values.every(isPattern), {
      error: 'must be regular expressions, separated by spaces',
    });

/** Longest path, and most paths: each is compared with the members of every logged value. */
const MAX_PATH_LENGTH = 255;
const MAX_PATHS = 100;

/** Paths of values that are hidden, separated by commas or spaces. */
export const redactedPaths = () =>
  text()
    .transform((value) => value.split(/[\s,]+/).filter((path) => path !== ''))
    .refine((paths) => paths.every((path) => path.length <= MAX_PATH_LENGTH && isRedactedPath(path)), {
      error: `must be names separated by dots, with * for any name, like customer.taxId *.email; each at most ${MAX_PATH_LENGTH} characters`,
    })
    .refine((paths) => paths.length <= MAX_PATHS, { error: `must be at most ${MAX_PATHS} paths` });

function isPattern(value: string): boolean {
  try {
    new RegExp(value, 'g');
    return true;
  } catch {
    return false;
  }
}

const optional = <T extends z.ZodType>(schema: T) => z.preprocess(unsetWhenEmpty, schema.optional());

const withDefault = <T extends z.ZodType>(schema: T, fallback: string) =>
  z.preprocess((value) => unsetWhenEmpty(value) ?? fallback, schema);

/** One environment variable: its schema, and its texts in `.env.example` and the documentation. */
export interface Variable<T extends z.ZodType> {
  readonly schema: T;
  /** The default as `.env.example` shows it; empty if there is none. */
  readonly default: string;
  readonly description: string;
  /** Never printed, not even partly masked. */
  readonly secret?: true;
  /** Holds a secret, or may hold one; it may be in the file that `<NAME>_FILE` names. */
  readonly inFile?: true;
}

/** A variable with a default. */
export const fixed = <T extends z.ZodType>(schema: T, fallback: string, description: string) => ({
  schema: withDefault(schema, fallback),
  default: fallback,
  description,
});

/** A variable that may be unset. @param fallback the default that `.env.example` shows */
export const open = <T extends z.ZodType>(schema: T, description: string, fallback = '') => ({
  schema: optional(schema),
  default: fallback,
  description,
});

/** A variable that may hold a secret and may be in a file. */
export const inFile = <T extends object>(variable: T) => ({ ...variable, inFile: true as const });

/** A text that is never printed, and may be in a file. */
export const secret = (description: string) =>
  inFile({ ...open(z.string(), description), secret: true as const });
