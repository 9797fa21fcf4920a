/** Injection token of the names whose values are never written to the trail; replaces {@link DEFAULT_REDACTED_NAMES}. */
export const REDACTED_NAMES = Symbol('REDACTED_NAMES');

/** Names of members whose values are secrets, in lower case without separators. */
export const DEFAULT_REDACTED_NAMES: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'authorization',
  'cookie',
  'apikey',
  'privatekey',
  'credential',
  'credentials',
];

const REDACTED = '[redacted]';

/** Longest run of words in the name of a member that is compared with a listed name ("x-api-key": "apikey"). */
const MAX_WORDS = 3;

/**
 * Number of names that are remembered as secret or not; a process has a few dozen. With the longest names they take
 * 1 MB.
 */
const REMEMBERED_NAMES = 2_000;

/**
 * Longest name that is checked and remembered, in characters: the size of the engine's column of variable names. The value
 * of a longer name is always hidden.
 */
const MAX_NAME_LENGTH = 255;

/** Deeper values, and those that contain themselves, are left to `JSON.stringify`. */
const PLAIN_DEPTH = 20;

/** Converts values to JSON text without secrets, within a limit of bytes. */
export class EventRedactor {
  private readonly names: ReadonlySet<string>;
  private readonly judged = new Map<string, boolean>();

  /**
   * @param names compared with the end of a member's name and with its words, without case and separators
   * @param maxBytes of a text, in UTF-8
   */
  constructor(
    names: readonly string[],
    private readonly maxBytes: number,
  ) {
    this.names = new Set(names.map((name) => lettersOf(name)));
  }

  /**
   * JSON text of a value; null for null and undefined.
   *
   * A value that is too long becomes `{"truncated":true,"bytes":N,"head":"…"}`, one that is not JSON
   * `{"unserializable":"…"}`.
   */
  toJson(value: unknown): string | null {
    if (value === undefined || value === null) return null;
    const text = this.serialize(value);
    const bytes = Buffer.byteLength(text);
    return bytes <= this.maxBytes ? text : this.cut(text, bytes);
  }

  /** A text for people, cut at the limit. */
  toText(text: string): string {
    if (text.length <= this.maxBytes && Buffer.byteLength(text) <= this.maxBytes) return text;
    return `${Buffer.from(text)
      .subarray(0, this.maxBytes - 3)
      .toString()
      .replace(/\uFFFD+$/, '')}…`;
  }

  private serialize(value: unknown): string {
    try {
      // A replacer costs more than the check whether one is needed.
      if (this.isPlain(value, 0)) return JSON.stringify(value);
      const text = JSON.stringify(value, (name, member: unknown) => {
        if (typeof member === 'bigint') return member.toString();
        return member !== null && member !== undefined && this.isSecret(name) ? REDACTED : member;
      }) as string | undefined;
      return text ?? 'null';
    } catch (error) {
      return JSON.stringify({ unserializable: error instanceof Error ? error.message : String(error) });
    }
  }

  /** True if `JSON.stringify` needs no replacer: no member is secret, and none has a JSON form of its own. */
  private isPlain(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
        return true;
      case 'object':
        if (value === null) return true;
        if (depth >= PLAIN_DEPTH || 'toJSON' in value) return false;
        if (Array.isArray(value)) return value.every((item) => this.isPlain(item, depth + 1));
        for (const name of Object.keys(value)) {
          if (this.isSecret(name) || !this.isPlain((value as Record<string, unknown>)[name], depth + 1))
            return false;
        }
        return true;
      default:
        return false;
    }
  }

  private isSecret(name: string): boolean {
    if (name.length > MAX_NAME_LENGTH) return true;
    const known = this.judged.get(name);
    if (known !== undefined) return known;
    const secret = this.judge(name);
    // Clients choose names as well, so their number is limited.
    if (this.judged.size >= REMEMBERED_NAMES) this.judged.clear();
    this.judged.set(name, secret);
    return secret;
  }

  private judge(name: string): boolean {
    if (name === '') return false;
    const letters = lettersOf(name);
    for (const listed of this.names) if (letters.endsWith(listed)) return true;
    const words = wordsOf(name);
    return words.some((_word, from) =>
      Array.from({ length: MAX_WORDS }, (_each, more) => words.slice(from, from + more + 1).join('')).some(
        (run) => this.names.has(run),
      ),
    );
  }

  private cut(text: string, bytes: number): string {
    let length = this.maxBytes;
    for (;;) {
      const marker = JSON.stringify({ truncated: true, bytes, head: headOf(text, length) });
      const excess = Buffer.byteLength(marker) - this.maxBytes;
      if (excess <= 0 || length === 0) return marker;
      // Quotes and control characters are longer once escaped, so the first guess may be too long.
      length = Math.max(0, Math.min(length - 1, length - Math.ceil(excess / 6)));
    }
  }
}

function headOf(text: string, length: number): string {
  const head = text.slice(0, length);
  const last = head.charCodeAt(head.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? head.slice(0, -1) : head;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}
