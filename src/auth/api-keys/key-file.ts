import { parse as parseLossless } from 'lossless-json';
import { z } from 'zod';
import type { Principal } from '../access/principal.js';
import { Grants, SCOPES } from '../access/scopes.js';

/** One key of the file. */
export interface ApiKeyEntry {
  /** SHA-256 of the key in lower-case hex. */
  readonly sha256: string;
  readonly principal: Principal;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAtMs: number | null;
}

/** A text that is no key file. The message says where and what to correct, and has nothing of the text but names. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** No colon, which the names of other kinds of principals have. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/;

const entrySchema = z.strictObject({
  name: z
    .string({ error: 'must be text' })
    .regex(NAME, { error: 'must be 1 to 100 letters, digits or ._@- and begin with a letter or digit' }),
  sha256: z.string({ error: 'must be text' }).regex(/^[0-9a-f]{64}$/i, {
    error: 'must be the SHA-256 of the key, 64 hex digits; npm run api-key makes it',
  }),
  scopes: z
    .array(z.string({ error: 'must be text' }), { error: 'must be a list' })
    .min(1, { error: 'must name at least one scope' }),
  processKeys: z
    .array(z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' }), {
      error: 'must be a list',
    })
    .min(1, { error: 'must name at least one process key; leave it out to allow all' })
    .optional(),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time with its zone, for example 2027-01-31T00:00:00Z' })
    .optional(),
});

const fileSchema = z.strictObject(
  { keys: z.array(z.unknown(), { error: 'must be a list' }) },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'must be an object with "keys"') },
);

/**
 * Reads the text of a key file: `{ "keys": [{ "name", "sha256", "scopes", "processKeys"?, "expiresAt"? }] }`.
 *
 * Several keys may have the same name: they are the same principal, for a rotation.
 *
 * @throws KeyFileError
 */
export function parseKeyFile(text: string): ApiKeyEntry[] {
  const file = fileSchema.safeParse(parseJson(text));
  if (!file.success) throw new KeyFileError(describe('the file', file.error));
  const entries = file.data.keys.map((value, index) => entryOf(value, `key ${index + 1}${nameIn(value)}`));
  const seen = new Map<string, number>();
  entries.forEach(({ sha256, principal }, index) => {
    const before = seen.get(sha256);
    if (before !== undefined)
      throw new KeyFileError(`key ${index + 1} (${principal.name}) has the same sha256 as key ${before + 1}`);
    seen.set(sha256, index);
  });
  return entries;
}

function parseJson(text: string): unknown {
  const json = text.replace(/^\ufeff/, '');
  try {
    return JSON.parse(json);
  } catch {
    throw new KeyFileError(placeOfFault(json));
  }
}

/** Only the place: the messages of parsers have a part of the text. Node 20 does not tell the place, this parser does. */
function placeOfFault(json: string): string {
  try {
    parseLossless(json);
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)$/.exec(message)?.[1];
    if (position !== undefined && !message.includes('reached end of input'))
      return `line ${json.slice(0, Number(position)).split('\n').length} is not well-formed JSON`;
  }
  return 'it is not complete JSON';
}

function nameIn(value: unknown): string {
  const { name } = (value ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && NAME.test(name) ? ` (${name})` : '';
}

/** @throws KeyFileError */
function entryOf(value: unknown, where: string): ApiKeyEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw new KeyFileError(describe(where, parsed.error));
  const { name, sha256, scopes, processKeys = null, expiresAt } = parsed.data;
  const { grants, unknown } = Grants.of(scopes, processKeys);
  if (unknown.length > 0) {
    throw new KeyFileError(
      `${where}: scopes has ${unknown.map((word) => JSON.stringify(word)).join(', ')}; ` +
        `known are ${SCOPES.join(', ')}, each process scope also with :<process key>, and own`,
    );
  }
  return {
    sha256: sha256.toLowerCase(),
    principal: { name, kind: 'api-key', grants },
    expiresAtMs: expiresAt === undefined ? null : Date.parse(expiresAt),
  };
}

function describe(where: string, { issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys')
    return `${where} has the unknown member ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
  const path = issue?.path.join('.') ?? '';
  return `${where}: ${path === '' ? '' : `${path} `}${issue?.message ?? ''}`;
}
