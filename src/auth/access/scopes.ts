/** The actions that a scope allows: on processes, and for operators. */
export const SCOPES = [
  'process:start',
  'process:read',
  'process:complete',
  'process:cancel',
  'ops:read',
  'ops:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** The word that restricts a principal to the processes that it started. */
const OWN = 'own';

/** The process keys for which a scope is granted; null: all. */
type Keys = ReadonlySet<string> | null;

/** What a principal may do: its scopes, each for all processes or for some keys. */
export class Grants {
  /**
   * @param scopes the granted scopes with their process keys; null: all keys
   * @param ownOnly true: reads, cancels, lists and completes only processes that it started itself
   */
  private constructor(
    private readonly scopes: ReadonlyMap<Scope, Keys>,
    readonly ownOnly: boolean,
  ) {}

  /** Allows everything. */
  static readonly all = new Grants(new Map(SCOPES.map((scope) => [scope, null])), false);

  /**
   * Reads a list of scopes such as `['process:start:onboard-user', 'process:read', 'own']`.
   *
   * @param words scopes, scopes with `:<process key>`, and `own`
   * @param processKeys restricts each `process:` scope to these keys in addition; null: no restriction
   * @returns the grants, and the words that are none of these, which grant nothing
   */
  static of(
    words: readonly string[],
    processKeys: readonly string[] | null = null,
  ): { readonly grants: Grants; readonly unknown: readonly string[] } {
    const scopes = new Map<Scope, Keys>();
    const unknown: string[] = [];
    const within = processKeys === null ? null : new Set(processKeys);
    for (const word of words) {
      if (word === OWN) continue;
      const parsed = parse(word);
      if (parsed === null) unknown.push(word);
      else add(scopes, parsed.scope, keysOf(parsed, within));
    }
    return { grants: new Grants(scopes, words.includes(OWN)), unknown };
  }

  /** True if the scope is granted for all processes or for at least one process key. */
  has(scope: Scope): boolean {
    return this.scopes.has(scope);
  }

  /** True if the scope is granted for processes of this key. */
  allows(scope: Scope, processKey: string): boolean {
    const keys = this.scopes.get(scope);
    return keys === null || keys?.has(processKey) === true;
  }

  /** The process keys for which the scope is granted; null: all. Empty if the scope is not granted. */
  keysFor(scope: Scope): Keys {
    const keys = this.scopes.get(scope);
    return keys === undefined ? new Set() : keys;
  }
}

interface Word {
  readonly scope: Scope;
  /** Null: all keys. */
  readonly key: string | null;
}

/** Parses `process:start`, `process:start:<process key>` or `ops:read`; null for anything else. */
function parse(word: string): Word | null {
  if (isScope(word)) return { scope: word, key: null };
  const [, scope = '', key = ''] = /^(process:[a-z]+):(.+)$/.exec(word) ?? [];
  return isScope(scope) ? { scope, key } : null;
}

function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

function keysOf({ scope, key }: Word, within: ReadonlySet<string> | null): Keys {
  if (within === null || scope.startsWith('ops:')) return key === null ? null : new Set([key]);
  if (key === null) return within;
  return new Set(within.has(key) ? [key] : []);
}

/** Adds keys to those of the scope. A scope for no key at all is not granted. */
function add(scopes: Map<Scope, Keys>, scope: Scope, keys: Keys): void {
  if (keys?.size === 0) return;
  const known = scopes.get(scope);
  scopes.set(scope, known === null || keys === null ? null : new Set([...(known ?? []), ...keys]));
}
