import { scrubUrls } from '../urls/index.js';
import { assignedValueEnd, nameBefore, nextSeparator } from './assignments.js';
import { PhraseAutomaton } from './phrase.automaton.js';
import { maskBlocks, maskSchemes, maskTokens, TOKEN_MARKS } from './secret-tokens.js';

/** Replaces a secret inside a text. */
const MASK = '***';

/** No secret with its name is shorter. */
const SHORTEST = 5;

/** A text without any of these has no secret that {@link TextScrubber} recognises. */
const MARKS = new PhraseAutomaton([
  '=',
  '<',
  '--',
  '-u ',
  '-u\t',
  '%3D',
  '%3d',
  // A colon after a digit is that of a time, except before a value.
  ...Array.from('0123456789', (digit) => `${digit}: `),
  ...Array.from({ length: 128 }, (_each, code) => String.fromCharCode(code))
    .filter((character) => !/[\d:]/.test(character))
    .map((character) => `${character}:`),
  ...['earer ', 'EARER ', 'asic ', 'ASIC ', 'PoP ', 'POP ', 'pop ', 'egotiate ', 'EGOTIATE '],
  ...TOKEN_MARKS,
]);

const SPACE = 32;
const SLASH = 47;
const COLON = 58;

/** Characters that a plain URL does not have after its scheme, or that end a part of it. */
const URL_MARKS = new Uint8Array(128);
for (const mark of '@?#%:/ "') URL_MARKS[mark.charCodeAt(0)] = 1;

/** Longer parts of a path are looked at closely. */
const SHORT_PART = 20;

/**
 * Masks secrets inside texts: of assignments (`password=…`, `"token": "…"`, `--secret …`, `<pin>…</pin>`), of
 * authorization schemes, of URLs, private keys, JSON Web Tokens and keys with a known prefix. Takes linear time, because a
 * client may have chosen the text.
 */
export class TextScrubber {
  /**
   * @param isSecret true if a name, which may have dots, is that of a secret
   * @param isListed the same for the words of a name, joined
   */
  constructor(
    private readonly isSecret: (name: string) => boolean,
    private readonly isListed: (name: string) => boolean,
  ) {}

  /** The text with `***` for each secret; the same text if it has none. */
  scrub(text: string): string {
    let shown = text;
    if (shown.includes('-----BEGIN ')) shown = maskBlocks(shown, MASK);
    if (shown.includes('<')) shown = this.maskElements(shown);
    if (shown.includes('--')) shown = this.maskOptions(shown);
    if (shown.includes('-u')) shown = maskUserOptions(shown);
    if (shown.includes('%3')) shown = this.maskEncoded(shown);
    shown = this.maskAssignments(shown);
    if (shown.includes('://')) shown = scrubUrls(shown);
    return maskTokens(maskSchemes(shown, MASK), MASK);
  }

  /** `name=value`, `name: value`, and members of JSON, also of JSON inside JSON. */
  private maskAssignments(text: string): string {
    let shown = '';
    let done = 0;
    for (let at = nextSeparator(text, 0); at !== -1; at = nextSeparator(text, Math.max(at + 1, done))) {
      const name = nameBefore(text, at, done);
      if (name === null || !this.namesSecret(name.words)) continue;
      const value = assignedValueEnd(text, at, name);
      if (value === null) continue;
      shown += text.slice(done, value.begin) + MASK;
      done = value.end;
    }
    return done === 0 ? text : shown + text.slice(done);
  }

  /** The last words may be one name: "Api Key: …", "Connection String: …". */
  private namesSecret(words: readonly string[]): boolean {
    if (this.isSecret(words.at(-1) ?? '')) return true;
    return words.some((_word, from) => from < words.length - 1 && this.isListed(words.slice(from).join('')));
  }

  /** Options of a command line: `--password hunter2`. */
  private maskOptions(text: string): string {
    return text.replace(
      /--([A-Za-z][\w-]{0,63})([ \t]{1,4})(?!-)[^\s"'`]{1,4096}/g,
      (found, name: string, space: string) => (this.isSecret(name) ? `--${name}${space}${MASK}` : found),
    );
  }

  /** Assignments in an encoded URL: `password%3Dhunter2`. */
  private maskEncoded(text: string): string {
    return text.replace(
      /([\w.-]{1,64})(%3d)[^\s"'`%&]{1,4096}(?:%(?!26)[^\s"'`%&]{1,4096}){0,64}/gi,
      (found, name: string, separator: string) =>
        this.isSecret(name) ? `${name}${separator}${MASK}` : found,
    );
  }

  /** Elements of XML: `<password>…</password>`. */
  private maskElements(text: string): string {
    return text.replace(
      /<([A-Za-z][\w:.-]{0,63})(\s[^<>]{0,255})?>[^<>]+/g,
      (found, name: string, attributes: string | undefined) =>
        this.isSecret(name.slice(name.indexOf(':') + 1)) ? `<${name}${attributes ?? ''}>${MASK}` : found,
    );
  }
}

/** The password of `curl -u name:password` and of `--user` and `--proxy-user`, also in quotes. */
function maskUserOptions(text: string): string {
  return text.replace(
    /(^|[\s"'`])(-u|--user|--proxy-user)([ \t]{1,4}|=)(?:(\\?["'])([^\s:"'`]{1,255}):(?:(?!\4)[^\n]){1,4096}|([^\s:"'`]{1,255}):[^\s"'`]{1,4096})/g,
    `$1$2$3$4$5$6:${MASK}`,
  );
}

/** A quick look at a text: false if {@link TextScrubber} finds nothing in it, which is the common case. */
export function mayHideSecrets(text: string): boolean {
  if (text.length < SHORTEST) return false;
  let at = MARKS.findEnd(text);
  while (at !== -1) {
    const isUrl = text.charCodeAt(at) === COLON && text.startsWith('//', at + 1);
    if (!isUrl || !isPlainUrl(text, at + 3)) return true;
    at = MARKS.findEnd(text, at + 1);
  }
  return false;
}

/** True for a URL without credentials, query, fragment and long parts. */
function isPlainUrl(text: string, from: number): boolean {
  let partBegin = from;
  let isPath = false;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 128 || URL_MARKS[code] === 0) continue;
    if (code === SPACE) return !isPath || at - partBegin < SHORT_PART;
    if (code === SLASH) {
      if (isPath && at - partBegin >= SHORT_PART) return false;
      isPath = true;
      partBegin = at + 1;
    } else if (code !== COLON || isPath) return false;
  }
  return !isPath || text.length - partBegin < SHORT_PART;
}
