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
  const names = [...new Set(url.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=${MASK}`);
  return `${url.origin}${maskPath(url.pathname, secrets)}${names.length > 0 ? `?${names.join('&')}` : ''}`;
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

/** A text with every URL in it as {@link describeUrl} shows it; for errors of libraries, which may quote one. */
export function scrubUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(/\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>`|\\^{}]+/gi, (found) => {
    // A sentence goes on behind a URL with a mark that is none of its own.
    const end = /[),.;:!?\]]*$/.exec(found)?.[0] ?? '';
    const address = found.slice(0, found.length - end.length);
    if (!URL.canParse(address)) return `${MASK}${end}`;
    const url = new URL(address);
    const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    if (isBare && maskPath(url.pathname) === url.pathname) return found;
    const base = url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
    return `${describeUrl(url).replace(url.origin, base)}${end}`;
  });
}

function mask(path: string, secret: string | RegExp): string {
  if (typeof secret !== 'string')
    return path.replace(secret, (found) => (found.startsWith('/') ? `/${MASK}` : MASK));
  if (secret === '') return path;
  return path.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK);
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
