import { DEFAULT_SECRET_NAMES, Redactor } from '../common/redaction/index.js';

/** Injection token of the names whose values are never written to the trail; replaces {@link DEFAULT_REDACTED_NAMES}. */
export const REDACTED_NAMES = Symbol('REDACTED_NAMES');

/** Names of members whose values are secrets, in lower case without separators. */
export const DEFAULT_REDACTED_NAMES: readonly string[] = DEFAULT_SECRET_NAMES;

/** Most bytes of a UTF-16 unit in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** Converts values to JSON text and texts for people without secrets, within a limit of bytes. */
export class EventRedactor {
  private readonly redactor: Redactor;

  /**
   * @param names of secrets, see `SecretNames`
   * @param maxBytes of a text, in UTF-8
   * @param paths of further secrets (`REDACT_PATHS`)
   */
  constructor(
    names: readonly string[],
    private readonly maxBytes: number,
    paths: readonly string[] = [],
  ) {
    this.redactor = new Redactor({ names, paths });
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
    if (this.isShort(text)) return text;
    const bytes = Buffer.byteLength(text);
    return bytes <= this.maxBytes ? text : this.cut(text, bytes);
  }

  /** A text for people without secrets, cut at the limit. */
  toText(text: string): string {
    const shown = this.redactor.scrub(text);
    if (this.isShort(shown) || Buffer.byteLength(shown) <= this.maxBytes) return shown;
    return `${Buffer.from(shown)
      .subarray(0, this.maxBytes - 3)
      .toString()
      .replace(/\uFFFD+$/, '')}…`;
  }

  /** A short text, like an id or an address, without secrets. */
  scrub(text: string): string {
    return this.redactor.scrub(text);
  }

  /** True if the text fits whatever its characters are. */
  private isShort(text: string): boolean {
    return text.length * MAX_BYTES_PER_UNIT <= this.maxBytes;
  }

  private serialize(value: unknown): string {
    try {
      // `undefined` for a function or a symbol, which the types do not say.
      const text = JSON.stringify(this.redactor.redact(value)) as string | undefined;
      return text ?? 'null';
    } catch (error) {
      return JSON.stringify({ unserializable: error instanceof Error ? error.message : String(error) });
    }
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
