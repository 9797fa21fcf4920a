/** The name before a `=` or `:` in a text. */
export interface AssignedName {
  /** Up to three words; the last one is directly before the separator. */
  readonly words: readonly string[];
  /** Position of the first character of the last word. */
  readonly begin: number;
  /** The quotation mark around the name; empty if there is none. */
  readonly quote: string;
  /** The quotation mark before the first word; empty if there is none. */
  readonly enclosing: string;
  /** True if the name is a part of a list with semicolons, as in a connection string. */
  readonly isInList: boolean;
}

/** A part of a text. */
interface Part {
  readonly begin: number;
  readonly end: number;
}

/** Longest name, and most white space around a separator, that are looked at: a bound for the work at each separator. */
const MAX_NAME = 64;
const MAX_SPACE = 8;
const MAX_WORDS = 3;

const NAME_CHARACTER = /[\w.$[\]-]/;

/** Characters that are directly before a separator only if no name is. */
const NO_NAME_END = new Uint8Array(128);
for (const character of '=:/<>(){,;.+*!?&#%@|^~\n\r') NO_NAME_END[character.charCodeAt(0)] = 1;

const QUOTES = '"\'`';

/** Position of the next `=` or `:` that may have a name before it, and is not that of a URL; -1 if there is none. */
export function nextSeparator(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 58 && code !== 61) continue;
    if (at > 0 && NO_NAME_END[text.charCodeAt(at - 1)] !== 1 && !text.startsWith('//', at + 1)) return at;
  }
  return -1;
}

/** The name before the separator at `at`; null if there is none after `from`. */
export function nameBefore(text: string, at: number, from: number): AssignedName | null {
  let end = skipSpaceBack(text, at, from);
  let quote = '';
  if (end > from && QUOTES.includes(text.charAt(end - 1))) {
    quote = text.charAt(end - 1);
    end -= 1;
    // Escaped quotes, of JSON inside a string, have backslashes before them.
    while (end > from && text.charAt(end - 1) === '\\') end -= 1;
  }
  const begin = wordBegin(text, end, from);
  if (begin === end) return null;
  const words = [text.slice(begin, end)];
  let first = begin;
  while (words.length < MAX_WORDS && first > from && text.charAt(first - 1) === ' ') {
    const before = wordBegin(text, first - 1, from);
    if (before === first - 1) break;
    words.unshift(text.slice(before, first - 1));
    first = before;
  }
  const before = text.charAt(first - 1);
  return {
    words,
    begin,
    quote,
    enclosing: quote === '' && first > from && before !== '' && QUOTES.includes(before) ? before : '',
    isInList: first > from && text.charAt(skipSpaceBack(text, first, from) - 1) === ';',
  };
}

/** Names of headers whose value may have any characters, to the end of the line. */
const WHOLE_LINE = /^(?:set-?cookie|cookie|(?:proxy-?)?authorization)s?$/i;

/** Schemes whose credentials are one word; a value of another scheme, for example Digest, is a list. */
const ONE_WORD = /^(?:Bearer|Basic|DPoP|Negotiate|Token|ApiKey)[ \t]{1,4}/i;

/** Values that are no secrets: JSON literals, and words of a message about a secret. */
const NO_VALUE =
  /^(?:null|undefined|true|false|none|must|is|was|are|should|may|cannot|not|has|required|missing|invalid|expired|denied|failed|expected|unexpected|too|\*\*\*|\[redacted\])(?=$|[\s,;.!&"'`)\]}\\])/i;

/** The part of a text that is the value after the separator at `at`; null if it has none that could be a secret. */
export function assignedValueEnd(text: string, at: number, name: AssignedName): Part | null {
  let begin = at + 1;
  // `==`, `:=`, `=>`.
  while (begin < at + 3 && '=>'.includes(text.charAt(begin)) && text.charAt(begin) !== '') begin += 1;
  if (text.startsWith('//', begin)) return null;
  const separatorEnd = begin;
  while (begin < separatorEnd + MAX_SPACE && (text.charAt(begin) === ' ' || text.charAt(begin) === '\t'))
    begin += 1;
  if (begin >= text.length || text.charAt(begin) === '\n' || text.charAt(begin) === '\r') return null;
  const quoted = quotedPart(text, begin);
  if (quoted !== null) return quoted;
  if (text.charAt(begin) === '{' || text.charAt(begin) === '[') {
    return text.startsWith('[redacted]', begin) ? null : { begin, end: balancedEnd(text, begin) };
  }
  const head = text.slice(begin, begin + 16);
  if (NO_VALUE.test(head)) return null;
  return unquotedPart(text, begin, name);
}

function unquotedPart(
  text: string,
  begin: number,
  { words, quote, enclosing, isInList }: AssignedName,
): Part | null {
  const last = words.at(-1) ?? '';
  if (isInList) return part(text, begin, endOf(text, begin, /[;"\r\n]/g));
  if (quote === '' && WHOLE_LINE.test(last.slice(last.lastIndexOf('.') + 1))) {
    const scheme = ONE_WORD.exec(text.slice(begin, begin + 16));
    if (scheme === null) return part(text, begin, lineEnd(text, begin, enclosing));
    const value = begin + scheme[0].length;
    return part(text, value, endOf(text, value, /[\s"'`,;\\]/g));
  }
  return part(text, begin, runEnd(text, begin));
}

/** The end of a line, or of the quotation that the line is in. A backslash begins an escaped end of the line. */
function lineEnd(text: string, begin: number, quote: string): number {
  const end = endOf(text, begin, /[\r\n\\]/g);
  const quoteEnd = quote === '' ? -1 : text.slice(begin, end).indexOf(quote);
  return quoteEnd === -1 ? end : begin + quoteEnd;
}

function part(text: string, begin: number, end: number): Part | null {
  let last = end;
  while (last > begin && '),.]}'.includes(text.charAt(last - 1))) last -= 1;
  return last === begin ? null : { begin, end: last };
}

/** A separator of a list ends a value only before another item: a password may contain it. */
const RUN_END = /[\s"'`&<\\]|[,;](?=$|[\s"'`]|[\w.$-]{1,64}[ \t]{0,4}["'`]?[ \t]{0,4}[=:])/g;

function runEnd(text: string, begin: number): number {
  return endOf(text, begin, RUN_END);
}

function endOf(text: string, begin: number, pattern: RegExp): number {
  pattern.lastIndex = begin;
  return pattern.exec(text)?.index ?? text.length;
}

/** The part between quotation marks, which may be escaped; null if there is none at `begin`. */
function quotedPart(text: string, begin: number): Part | null {
  let open = begin;
  while (open < begin + MAX_SPACE && text.charAt(open) === '\\') open += 1;
  const quote = text.charAt(open);
  if (quote === '' || !QUOTES.includes(quote)) return null;
  const depth = open - begin;
  let backslashes = 0;
  for (let at = open + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') {
      backslashes += 1;
      continue;
    }
    // More backslashes than before the first mark: it is a character of the value.
    if (character === quote && backslashes <= depth) return empty(open + 1, at - backslashes);
    backslashes = 0;
  }
  return empty(open + 1, text.length);
}

function empty(begin: number, end: number): Part | null {
  return end <= begin ? null : { begin, end };
}

/** The end of an object or list; brackets inside quotation marks, which may be escaped, do not count. */
function balancedEnd(text: string, begin: number): number {
  let open = 0;
  let isQuoted = false;
  let backslashes = 0;
  let depth = -1;
  for (let at = begin; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') {
      backslashes += 1;
      continue;
    }
    if (character === '"') {
      if (depth === -1) depth = backslashes;
      if (!isQuoted || backslashes <= depth) isQuoted = !isQuoted;
    } else if (!isQuoted && (character === '{' || character === '[')) open += 1;
    else if (!isQuoted && (character === '}' || character === ']')) {
      open -= 1;
      if (open === 0) return at + 1;
    }
    backslashes = 0;
  }
  return text.length;
}

function wordBegin(text: string, end: number, from: number): number {
  let begin = end;
  const earliest = Math.max(from, end - MAX_NAME);
  while (begin > earliest && NAME_CHARACTER.test(text.charAt(begin - 1))) begin -= 1;
  return begin;
}

function skipSpaceBack(text: string, at: number, from: number): number {
  let end = at;
  const earliest = Math.max(from, at - MAX_SPACE);
  while (end > earliest && (text.charAt(end - 1) === ' ' || text.charAt(end - 1) === '\t')) end -= 1;
  return end;
}
