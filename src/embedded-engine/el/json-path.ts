/**
 * The part of JSON path that selects members and elements: `$.order.items[0].name`. Wildcards, filters, slices,
 * functions and `..` are rejected, so the time is linear in the number of steps.
 */
import { isJsonArray, jsonMember, type JsonValue } from './json-value.js';

/** A member's name, or an element's index. */
type JsonPathStep = string | number;

const STEP = /\.([\p{L}\p{N}_-]+)|\[(\d{1,9})\]/uy;

/** Parses the steps of a path; the `$` is optional. Null for anything outside this part of JSON path. */
export function parseJsonPath(text: string): readonly JsonPathStep[] | null {
  const path = text.startsWith('$') ? text.slice(1) : `.${text}`;
  const steps: JsonPathStep[] = [];
  const step = new RegExp(STEP);
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return null;
    const [, name, index] = match;
    steps.push(name ?? Number(index));
  }
  return steps;
}

/** Returns the value at the end of a path; undefined if a step does not exist. */
export function walkJsonPath(root: JsonValue, steps: readonly JsonPathStep[]): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const step of steps) {
    if (at === undefined) return undefined;
    if (typeof step === 'string') at = jsonMember(at, step);
    else at = isJsonArray(at) ? at[step] : undefined;
  }
  return at;
}
