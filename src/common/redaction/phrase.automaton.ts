/** Number of characters of ASCII; others are in no phrase. */
const ALPHABET = 128;

/**
 * Finds any of a set of phrases in one pass over a text: the automaton of Aho and Corasick (Communications of the ACM 18,
 * 1975), as a table of states and characters.
 */
export class PhraseAutomaton {
  /**
   * Next state by state and character. A state is the position of its row, which saves a multiplication for each
   * character; the last rows are those of the states at the end of a phrase.
   */
  private readonly table: Uint32Array;
  private readonly firstFinal: number;

  /** @param phrases in ASCII */
  constructor(phrases: readonly string[]) {
    const { next, isFinal } = statesOf(phrases);
    const order = isFinal.map((_final, state) => state);
    order.sort((a, b) => Number(isFinal[a]) - Number(isFinal[b]) || a - b);
    const position = new Map(order.map((state, index) => [state, index * ALPHABET]));
    this.firstFinal = isFinal.filter((final) => !final).length * ALPHABET;
    this.table = new Uint32Array(order.length * ALPHABET);
    for (const [index, state] of order.entries())
      for (let code = 0; code < ALPHABET; code += 1)
        this.table[index * ALPHABET + code] = position.get(next[state]?.[code] ?? 0) ?? 0;
  }

  /** Position of the last character of the first phrase that ends at `from` or later; -1 if there is none. */
  findEnd(text: string, from = 0): number {
    const { table, firstFinal } = this;
    const { length } = text;
    let state = 0;
    for (let at = from; at < length; at += 1) {
      const code = text.charCodeAt(at);
      state = code < ALPHABET ? (table[state + code] ?? 0) : 0;
      if (state >= firstFinal) return at;
    }
    return -1;
  }
}

/** The states of all beginnings of the phrases, with complete transitions. */
function statesOf(phrases: readonly string[]): { next: number[][]; isFinal: boolean[] } {
  const next: number[][] = [[]];
  const isFinal = [false];
  for (const phrase of phrases) {
    let state = 0;
    for (const character of phrase) {
      const row = next[state] ?? [];
      state = row[character.charCodeAt(0)] ??= next.push([]) - 1;
    }
    isFinal[state] = true;
  }
  for (let state = 0; state < next.length; state += 1) isFinal[state] ??= false;
  complete(next, isFinal);
  return { next, isFinal };
}

/** Adds the transitions of a character that continues no phrase: those of the longest end that begins one. */
function complete(next: number[][], isFinal: boolean[]): void {
  const fallbacks = [0];
  const queue = [0];
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    const row = next[state] ?? [];
    const fallback = fallbacks[state] ?? 0;
    isFinal[state] ||= isFinal[fallback] === true;
    for (let code = 0; code < ALPHABET; code += 1) {
      const inherited = state === 0 ? 0 : (next[fallback]?.[code] ?? 0);
      const child = row[code];
      if (child === undefined) {
        row[code] = inherited;
        continue;
      }
      fallbacks[child] = inherited;
      queue.push(child);
    }
  }
}
