/** SQL LIKE: `%` any text, `_` one character, `\` takes the next as it is. Linear in memory, never exponential. */
export function isLike(text: string | null, pattern: string): boolean {
  if (text === null) return false;
  const parts = likeParts(pattern);
  let part = 0;
  let at = 0;
  // The position for a retry if the text after the last % does not match: the % then matches one more character.
  let retryPart = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === ANY_TEXT) {
      retryPart = part += 1;
      retryAt = at;
    } else if (wanted === ANY_CHARACTER || wanted === text.charAt(at)) {
      part += 1;
      at += 1;
    } else if (retryPart >= 0) {
      part = retryPart;
      at = retryAt += 1;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest === ANY_TEXT);
}

const ANY_TEXT = Symbol('%');
const ANY_CHARACTER = Symbol('_');

function likeParts(pattern: string): readonly (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '\\' && at + 1 < pattern.length) parts.push(pattern.charAt(++at));
    else parts.push(char === '%' ? ANY_TEXT : char === '_' ? ANY_CHARACTER : char);
  }
  return parts;
}
