/** One preference of a request (RFC 7240). */
export interface Preference {
  /** In lower case. */
  readonly name: string;
  /** Unquoted; empty if there is none, which is equivalent by the RFC. */
  readonly value: string;
  /** By name in lower case; of a repeated parameter the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** `token [ BWS "=" BWS word ]` without surrounding white space; the word may be empty. */
const PART = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*([!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*")?)?$/;

/**
 * Parses the `Prefer` header (https://www.rfc-editor.org/rfc/rfc7240#section-2).
 *
 * A malformed preference is ignored, and of a repeated one the first counts.
 *
 * @param header its field lines, joined by commas or in a list; absent: no preference
 * @returns the preferences by name
 */
export function parsePrefer(header: string | readonly string[] | undefined): ReadonlyMap<string, Preference> {
  const preferences = new Map<string, Preference>();
  for (const element of [header ?? []].flat().flatMap((line) => splitOutsideQuotes(line, ','))) {
    const preference = preferenceOf(element);
    if (preference !== null && !preferences.has(preference.name)) {
      preferences.set(preference.name, preference);
    }
  }
  return preferences;
}

function preferenceOf(element: string): Preference | null {
  const [first = '', ...rest] = splitOutsideQuotes(element, ';').map(trimmed);
  const own = partOf(first);
  if (own === null) return null;
  const parameters = new Map<string, string>();
  for (const text of rest.filter((part) => part !== '')) {
    const parameter = partOf(text);
    if (parameter === null) return null;
    if (!parameters.has(parameter.name)) parameters.set(parameter.name, parameter.value);
  }
  return { ...own, parameters };
}

function partOf(text: string): { readonly name: string; readonly value: string } | null {
  const [, name, word = ''] = PART.exec(text) ?? [];
  if (name === undefined) return null;
  const value = word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word;
  return { name: name.toLowerCase(), value };
}

/** Splits at the separators outside quoted strings; an unterminated quoted string includes the rest. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

/** Removes spaces and tabs at both ends, the only white space in a header's list. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
