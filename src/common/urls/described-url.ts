/** Secrets of a URL's path: strings and patterns, or `path` for the whole path. */
export type UrlSecrets = readonly (string | RegExp)[] | 'path';

const MASK = '***';

/** Patterns of path segments that look like secrets. */
const SECRET_SEGMENTS: readonly RegExp[] = [
  // A bot's id and token, as in Telegram's API: `bot123:AAE…`.
  /^bot\d+:/i,
  // A JSON Web Token.
  /^ey[\w-]+\.[\w-]+\./,
  // Lower-case and upper-case letters and digits, as in random tokens but not in UUIDs, hashes and slugs.
  /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w.~+=:-]{20,}$/,
];

/**
 * A URL for log, trail and errors: without credentials and fragment, query parameters without values, secrets of the path
 * as `***`.
 */
export function describeUrl(url: URL, secrets: UrlSecrets = []): string {
  const names = queryNames(url).map((name) => (name === null ? MASK : `${encodeURIComponent(name)}=${MASK}`));
  return `${url.origin}${maskPath(url.pathname, secrets)}${names.length > 0 ? `?${names.join('&')}` : ''}`;
}

/** The names of the query parameters, each once; null for a part without `=`, which may be a secret itself. */
function queryNames({ search }: URL): (string | null)[] {
  const parts = search
    .slice(1)
    .split('&')
    .filter((part) => part !== '');
  return [
    ...new Set(
      parts.map((part) => (part.includes('=') ? ([...new URLSearchParams(part).keys()][0] ?? null) : null)),
    ),
  ];
}

/** Like {@link describeUrl}, for a base URL of the configuration: shows `***@` for credentials, and no trailing slash. */
export function describeBaseUrl(text: string, secrets?: UrlSecrets): string {
  const url = new URL(text);
  const shown = describeUrl(url, secrets).replace(/\/$/, '');
  return url.username === '' && url.password === '' ? shown : shown.replace('://', `://${MASK}@`);
}

/** Masks the given secrets of a path, and segments that look like tokens, with `***`. */
export function maskPath(path: string, secrets: UrlSecrets = []): string {
  if (path === '/' || path === '') return path;
  if (secrets === 'path') return `/${MASK}`;
  return secrets.reduce<string>(mask, path).split('/').map(maskSegment).join('/');
}

/** Characters that end a URL in a text. */
const URL_END = /[\s"'<>`]/g;

/** Punctuation after a URL in a sentence. */
const PUNCTUATION = '),.;:!?]}\\';

/** Characters of a scheme, and its greatest length. */
const SCHEME_CHARACTER = /[a-z\d+.-]/i;
const SCHEME_LENGTH = 32;

/** Longer URLs are masked as a whole. */
const MAX_URL_LENGTH = 4_096;

/**
 * Masks every URL in a text as {@link describeUrl} does; for errors of libraries, which may quote URLs. Runs in linear
 * time, because a client may have chosen the text.
 */
export function scrubUrls(text: string): string {
  let shown = '';
  let done = 0;
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', Math.max(done, at + 3))) {
    const begin = schemeBegin(text, at, done);
    if (begin === at) continue;
    URL_END.lastIndex = at;
    let end = URL_END.exec(text)?.index ?? text.length;
    const next = end;
    while (end > at + 3 && PUNCTUATION.includes(text.charAt(end - 1))) end -= 1;
    shown += text.slice(done, begin) + scrubbed(text.slice(begin, end)) + text.slice(end, next);
    done = next;
  }
  return shown + text.slice(done);
}

/** The position at which the scheme before `at` begins; `at` if there is none. */
function schemeBegin(text: string, at: number, from: number): number {
  let begin = at;
  const earliest = Math.max(from, at - SCHEME_LENGTH);
  while (begin > earliest && SCHEME_CHARACTER.test(text.charAt(begin - 1))) begin -= 1;
  // A scheme begins with a letter.
  while (begin < at && !/[a-z]/i.test(text.charAt(begin))) begin += 1;
  return begin;
}

function scrubbed(address: string): string {
  if (address.length > MAX_URL_LENGTH || !URL.canParse(address)) return MASK;
  const url = new URL(address);
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isBare && maskPath(url.pathname) === url.pathname) return address;
  const base = url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
  return describeUrl(url).replace(url.origin, base);
}

function mask(path: string, secret: string | RegExp): string {
  if (typeof secret !== 'string')
    return path.replace(everywhere(secret), (found) => (found.startsWith('/') ? `/${MASK}` : MASK));
  if (secret === '') return path;
  return [secret, encodeURIComponent(secret), encodeURI(secret)].reduce(
    (masked, form) => masked.replaceAll(form, MASK),
    path,
  );
}

function everywhere(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`);
}

function maskSegment(segment: string): string {
  const text = decoded(segment);
  return SECRET_SEGMENTS.some((pattern) => pattern.test(text)) ? MASK : segment;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
