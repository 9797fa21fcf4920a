import { readFileSync } from 'node:fs';

/** Most bytes of a file with a secret; a larger one is another file. */
const MAX_SECRET_BYTES = 65_536;

/** A secret of the configuration. It prints as `***`. */
export class Secret {
  #value: string;
  readonly #path: string | null;

  /** @param path file that is read again by {@link reread}; null: the secret came from a variable and never changes */
  constructor(value: string, path: string | null = null) {
    this.#value = value;
    this.#path = path;
  }

  get value(): string {
    return this.#value;
  }

  /** Reads the file again, which may have been replaced. The old value stays if the file is missing, empty or unreadable. */
  reread(): string {
    if (this.#path !== null) {
      const { text } = readSecretFile(this.#path);
      if (text !== null) this.#value = text;
    }
    return this.#value;
  }

  toJSON(): string {
    return '***';
  }

  toString(): string {
    return '***';
  }
}

/** The content of a file with a secret, or a clause that says why it cannot be used. */
export type SecretFile =
  { readonly text: string; readonly fault: null } | { readonly text: null; readonly fault: string };

/** Reads a file with a secret: UTF-8 text, of which line breaks at the end do not count. Never throws. */
export function readSecretFile(path: string): SecretFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { text: null, fault: `must be a file that this user can read; ${path} is not (${code})` };
  }
  if (bytes.length > MAX_SECRET_BYTES)
    return { text: null, fault: `must be a file of at most ${MAX_SECRET_BYTES} bytes; ${path} is larger` };
  const text = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/[\r\n]+$/, '');
  return text.trim() === ''
    ? { text: null, fault: `must be a file with the secret; ${path} is empty` }
    : { text, fault: null };
}
