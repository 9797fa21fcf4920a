import { EngineError } from '../state/engine.errors.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** Longest String variable, characters, as Camunda's database columns allow (2 000 on Oracle). */
const MAX_STRING = 4_000;
/**
 * Longest text of any other type, characters. More than a request can bring, and little enough that the file, a JSON
 * answer and the memory still hold it: expressions that double a text would reach the limit of each within 20 steps.
 */
const MAX_TEXT = 64 * 1024 * 1024;

/** `code` of Camunda's error for a text that is too long for its column. */
export const COLUMN_TOO_SMALL = 10_002;

/** @throws EngineError ProcessEngine, code 10 002, for a text that is too long to be kept */
export function checkLength({ type, value }: Pick<TypedValue, 'type' | 'value'>): void {
  if (typeof value !== 'string') return;
  const most = type === 'String' ? MAX_STRING : MAX_TEXT;
  if (value.length <= most) return;
  throw new EngineError(
    'ProcessEngine',
    'ProcessEngineException',
    `A ${type} variable has at most ${most} characters, this one has ${value.length}`,
    COLUMN_TOO_SMALL,
  );
}
