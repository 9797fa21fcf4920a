/** What of a URL's path is secret: texts and patterns, or `path` for all of it. */
export type UrlSecrets = readonly (string | RegExp)[] | 'path';

const MASK = '***';

/** Segments of a path that are secrets by their form. */
const SECRET_SEGMENTS: readonly RegExp[] = [
  // A name and its token, `bot123:AAE…`, as Telegram has them.
  /^bot\d+:/i,
  // A JSON Web Token.
  /^ey[\w-]+\.[\w-]+\./,
  // Small and capital letters and digits, as random tokens have them; UUIDs, hashes and slugs have not.
  /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w.~+=:-]{20,}$/,
];

/**
 * A URL as log, trail and errors may show it: no credentials, no fragment, query names without their values, secrets of
 * the path as `***`.
 */
export function describeUrl(url: URL, secrets: UrlSecrets = []): string {
  const names = queryNames(url).map((name) => (name === null ? MASK : `${encodeURIComponent(name)}=${MASK}`));
  return `${url.origin}${maskPath(url.pathname, secrets)}${names.length > 0 ? `?${names.join('&')}` : ''}`;
}

/** The names of a query, each once; null for a part that is not a name with a value, and so may be a secret itself. */
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

/** A base URL of the configuration, likewise; whether it has credentials is shown, and no slash at its end. */
export function describeBaseUrl(text: string, secrets?: UrlSecrets): string {
  const url = new URL(text);
  const shown = describeUrl(url, secrets).replace(/\/$/, '');
  return url.username === '' && url.password === '' ? shown : shown.replace('://', `://${MASK}@`);
}

/** A path with what is secret in it as `***`: what is given, and segments that look like tokens. */
export function maskPath(path: string, secrets: UrlSecrets = []): string {
  if (path === '/' || path === '') return path;
  if (secrets === 'path') return `/${MASK}`;
  return secrets.reduce<string>(mask, path).split('/').map(maskSegment).join('/');
}

/** Ends a URL in a text. */
const URL_END = /[\s"'<>`]/g;

/** What a sentence puts behind a URL, and no URL ends with. */
const PUNCTUATION = '),.;:!?]}\\';

/** Characters of a scheme, and how many of them are looked at. */
const SCHEME_CHARACTER = /[a-z\d+.-]/i;
const SCHEME_LENGTH = 32;

/** Longer ones are not parsed; nobody reads them either. */
const MAX_URL_LENGTH = 4_096;

/**
 * A text with every URL in it as {@link describeUrl} shows it; for errors of libraries, which may quote one. Takes a time
 * that grows with the length of the text, because a client may have chosen it.
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

/** Where the scheme begins that ends at a place; the place itself if there is none. */
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
