import { EngineError } from '../state/engine.errors.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** Maximum length of a String variable, in characters, as in Camunda's database columns (2 000 on Oracle). */
const MAX_STRING = 4_000;
/**
 * Maximum length of any other text, in characters. It is more than a request can carry, and small enough for the file,
 * a JSON response and memory: expressions that double a text would otherwise reach one of their limits within 20 steps.
 */
const MAX_TEXT = 64 * 1024 * 1024;

/** `code` of Camunda's error for a text that exceeds its column. */
export const COLUMN_TOO_SMALL = 10_002;

/** @throws EngineError ProcessEngine, code 10 002, for a text that is too long */
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
