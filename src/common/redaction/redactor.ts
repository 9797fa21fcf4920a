import { RedactedPaths } from './redacted-paths.js';
import { DEFAULT_SECRET_NAMES, SecretNames } from './secret-names.js';
import { mayHideSecrets, TextScrubber } from './text.scrubber.js';

const REDACTED = '[redacted]';

/** A deeper value is copied instead of checked, so that one that contains itself is found. */
const PLAIN_DEPTH = 20;

/** Depth of JSON inside strings, inside the strings of that, and so on, that is read as JSON. */
const JSON_DEPTH = 3;

/** A longer string is not read as JSON; secrets in it are masked as in any other text. */
const MAX_JSON_LENGTH = 1_048_576;

/** Members that name the value beside them, as in `{ "name": "password", "value": "…" }`; also with a capital letter. */
const NAMING_MEMBERS = [
  'name',
  'key',
  'header',
  'field',
  'variable',
  'variableName',
  'parameter',
  'property',
].flatMap((name) => [name, capitalized(name)]);

const VALUE_MEMBERS: ReadonlySet<string> = new Set(
  ['value', 'values', 'val'].flatMap((name) => [name, capitalized(name)]),
);

/** Headers of a flat list of names and values, as in `rawHeaders` of Node. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-auth-token',
  'x-csrf-token',
]);
const LONGEST_HEADER = Math.max(...[...SECRET_HEADERS].map(({ length }) => length));

/** What counts as a secret. */
export interface RedactorOptions {
  /** Names of secrets; default: {@link DEFAULT_SECRET_NAMES}. */
  readonly names?: readonly string[];
  /** Further values, by their paths (`REDACT_PATHS`). */
  readonly paths?: readonly string[];
}

/** What a copy without secrets does further, for the log. */
export interface CopyOptions {
  /** A longer text is cut before it is looked at, in characters. */
  readonly maxText: number;
  /** Called with each text after its secrets are masked. @param length of the whole text */
  readonly text: (text: string, length: number) => string;
  /** Called with each name of a member. */
  readonly name: (name: string) => string;
  /** Called with each error instead of a copy of its members. */
  readonly error: (error: Error) => unknown;
  /** Called before each value; if it returns a text, that replaces the value. */
  readonly limit: (depth: number) => string | null;
  /** Replaces a value that contains itself. */
  readonly circular: string;
  /** Members of the value whose own members are shown with any name. */
  readonly shown: ReadonlySet<string>;
}

/** A text that is copied as it is. */
export class FinalText {
  constructor(readonly text: string) {}
}

/**
 * Hides secrets in values and texts, for the log, the trail and the texts of errors: values of members by name and by
 * path, values of pairs of a name and a value, and secrets inside strings. `true`, `false` and null are shown with any
 * name.
 */
export class Redactor {
  private readonly names: SecretNames;
  private readonly paths: RedactedPaths;
  private readonly scrubber: TextScrubber;
  private jsonDepth = 0;

  constructor({ names = DEFAULT_SECRET_NAMES, paths = [] }: RedactorOptions = {}) {
    this.paths = new RedactedPaths(paths);
    this.names = new SecretNames(names, this.paths.names);
    this.scrubber = new TextScrubber(
      (name) => this.names.has(name) || this.isPathIn(name),
      (name) => this.names.isListed(name),
    );
  }

  /**
   * A text with `***` for each secret in it; the same text if it has none. A text that is JSON is read, and its members are
   * hidden as {@link redact} hides them. Takes linear time.
   */
  scrub(text: string): string {
    if (!mayHideSecrets(text)) return text;
    return this.scrubJson(text) ?? this.scrubber.scrub(text);
  }

  /**
   * A value as it may be shown, ready for `JSON.stringify`; the same value if it has no secret.
   *
   * @throws TypeError of `JSON.stringify` for a value that contains itself
   */
  redact(value: unknown): unknown {
    return this.isPlain(value, 0, []) ? value : this.copy(value);
  }

  /** A copy without secrets, even if there are none. @throws TypeError of `JSON.stringify` for a value that contains itself */
  copy(value: unknown, options: CopyOptions | null = null): unknown {
    return new Copier(this, options).copy(value);
  }

  /** True if a member of this name is a secret. @param parents names of the objects around it, the outermost first */
  hides(name: string, parents: readonly string[]): boolean {
    return this.names.has(name) || (this.paths.needParents && this.paths.match(parents, name));
  }

  /** The text without secrets if it is a JSON object or list that has some; null otherwise. */
  private scrubJson(text: string): string | null {
    if (this.jsonDepth >= JSON_DEPTH || text.length > MAX_JSON_LENGTH || !looksLikeJson(text)) return null;
    this.jsonDepth += 1;
    try {
      const value: unknown = JSON.parse(text);
      const shown = this.redact(value);
      return shown === value ? null : JSON.stringify(shown);
    } catch {
      // Not JSON, or too deep.
      return null;
    } finally {
      this.jsonDepth -= 1;
    }
  }

  private isPathIn(name: string): boolean {
    if (!this.paths.needParents || !name.includes('.')) return false;
    const names = name.split('.');
    return this.paths.match(names.slice(0, -1), names.at(-1) ?? '');
  }

  /** True if `JSON.stringify` needs no copy: nothing is secret, and nothing has a JSON form of its own. */
  private isPlain(value: unknown, depth: number, parents: string[]): boolean {
    switch (typeof value) {
      case 'string':
        return !mayHideSecrets(value) || this.scrub(value) === value;
      case 'number':
      case 'boolean':
        return true;
      case 'object':
        if (value === null) return true;
        if (depth >= PLAIN_DEPTH || 'toJSON' in value || value instanceof String) return false;
        return Array.isArray(value)
          ? this.isPlainList(value, depth, parents)
          : this.isPlainObject(value as Readonly<Record<string, unknown>>, depth, parents);
      default:
        return false;
    }
  }

  private isPlainList(list: readonly unknown[], depth: number, parents: string[]): boolean {
    for (const item of list) {
      if (typeof item === 'string' ? isSecretHeader(item) : Array.isArray(item) && this.isSecretPair(item))
        return false;
      if (!this.isPlain(item, depth + 1, parents)) return false;
    }
    return true;
  }

  private isPlainObject(
    object: Readonly<Record<string, unknown>>,
    depth: number,
    parents: string[],
  ): boolean {
    const { needParents } = this.paths;
    for (const name of Object.keys(object)) {
      const member = object[name];
      if (this.hides(name, parents) && isHidden(member)) return false;
      if (isValueMember(name) && this.namesSecret(object)) return false;
      if (needParents) parents.push(name);
      const isPlain = this.isPlain(member, depth + 1, parents);
      if (needParents) parents.pop();
      if (!isPlain) return false;
    }
    return true;
  }

  /** True for `["Authorization", "…"]`. */
  isSecretPair(pair: readonly unknown[]): boolean {
    return pair.length === 2 && typeof pair[0] === 'string' && this.names.has(pair[0]);
  }

  /** True for an object that names its own `value` as a secret. */
  namesSecret(object: Readonly<Record<string, unknown>>): boolean {
    return NAMING_MEMBERS.some((member) => {
      const name = object[member];
      return typeof name === 'string' && this.names.has(name);
    });
  }
}

/** `true`, `false` and null say that there is a secret, but not which. */
function isHidden(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean';
}

/** True for the member of a pair that holds its value. */
function isValueMember(name: string): boolean {
  return VALUE_MEMBERS.has(name);
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function isSecretHeader(text: string): boolean {
  return text.length >= 6 && text.length <= LONGEST_HEADER && SECRET_HEADERS.has(text.toLowerCase());
}

/** One copy of a value. */
class Copier {
  private readonly parents: string[] = [];
  private readonly around = new Set<object>();
  private root: unknown;

  constructor(
    private readonly redactor: Redactor,
    private readonly options: CopyOptions | null,
  ) {}

  copy(value: unknown): unknown {
    this.root = value;
    return this.valueOf(value, '');
  }

  private valueOf(value: unknown, name: string): unknown {
    const replaced = this.options?.limit(this.around.size) ?? null;
    if (replaced !== null) return replaced;
    switch (typeof value) {
      case 'string':
        return this.textOf(value);
      case 'bigint':
        return value.toString();
      case 'object':
        return value === null ? null : this.objectOf(value, name);
      default:
        return value;
    }
  }

  private textOf(text: string): string {
    if (this.options === null) return this.redactor.scrub(text);
    return this.options.text(this.redactor.scrub(text.slice(0, this.options.maxText)), text.length);
  }

  private objectOf(value: object, name: string): unknown {
    // `JSON.stringify` throws its own text about a value that contains itself.
    if (this.around.has(value)) return this.options?.circular ?? JSON.stringify(this.root);
    this.around.add(value);
    const copied = this.formOf(value, name);
    this.around.delete(value);
    return copied;
  }

  private formOf(value: object, name: string): unknown {
    if (value instanceof FinalText) return value.text;
    if (value instanceof Error && this.options !== null) return this.valueOf(this.options.error(value), name);
    if ('toJSON' in value && typeof value.toJSON === 'function')
      return this.jsonFormOf((value as { toJSON: (name: string) => unknown }).toJSON(name), name);
    return this.partsOf(value, name);
  }

  /** Of what `toJSON` has returned, which may be the value itself; `JSON.stringify` does not call it again. */
  private jsonFormOf(form: unknown, name: string): unknown {
    return typeof form === 'object' && form !== null ? this.partsOf(form, name) : this.valueOf(form, name);
  }

  private partsOf(value: object, name: string): unknown {
    if (value instanceof String || value instanceof Number || value instanceof Boolean)
      return this.valueOf(value.valueOf(), name);
    return Array.isArray(value)
      ? this.listOf(value)
      : this.membersOf(value as Readonly<Record<string, unknown>>);
  }

  private listOf(list: readonly unknown[]): unknown[] {
    return list.map((item, index) => {
      const before: unknown = list[index - 1];
      if (index % 2 === 1 && typeof before === 'string' && isSecretHeader(before)) return REDACTED;
      if (Array.isArray(item) && this.redactor.isSecretPair(item) && isHidden(item[1]))
        return [this.valueOf(item[0], '0'), REDACTED];
      return this.valueOf(item, String(index));
    });
  }

  private membersOf(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const copied: Record<string, unknown> = {};
    const namesSecret = this.redactor.namesSecret(object);
    for (const name of Object.keys(object)) {
      const member = object[name];
      const shown =
        this.isSecret(name, namesSecret) && isHidden(member) ? REDACTED : this.memberOf(name, member);
      const shownName = this.options?.name(name) ?? name;
      if (shownName === '__proto__') setOwn(copied, shownName, shown);
      else copied[shownName] = shown;
    }
    return copied;
  }

  private isSecret(name: string, namesSecret: boolean): boolean {
    if (this.options?.shown.has(this.parents[0] ?? '') === true) return false;
    return this.redactor.hides(name, this.parents) || (namesSecret && isValueMember(name));
  }

  private memberOf(name: string, member: unknown): unknown {
    this.parents.push(name);
    const shown = this.valueOf(member, name);
    this.parents.pop();
    return shown;
  }
}

/** Not by assignment, which would set the prototype. */
function setOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function looksLikeJson(text: string): boolean {
  const begin = text.charAt(0);
  const end = text.charAt(text.length - 1);
  return (begin === '{' && end === '}') || (begin === '[' && end === ']');
}
