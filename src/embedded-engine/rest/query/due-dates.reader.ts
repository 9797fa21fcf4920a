import type { DueDates } from '../../query/define/query.types.js';
import { parseDate } from '../http/date.format.js';
import { isRecord, list, shown } from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';

/** `gt_date,lt_date` of a query string, or `[{operator, value}]` of a body. @throws RestError 400 */
export function readDueDates(raw: unknown): DueDates {
  const conditions = Array.isArray(raw)
    ? raw.map((item: unknown): readonly [unknown, unknown] =>
        isRecord(item) ? [item.operator, item.value] : [undefined, undefined],
      )
    : list(raw, 'dueDates').map(splitCondition);
  return Object.assign(
    {},
    ...conditions.map(([operator, value]) => readDueDate(operator, value)),
  ) as DueDates;
}

function splitCondition(text: string): readonly [string, string] {
  const at = text.indexOf('_');
  if (at === -1) {
    throw invalidRequest(
      `Cannot set query parameter 'dueDates' to value '${shown(text)}': condition query parameter has to have format OPERATOR_VALUE.`,
    );
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function readDueDate(operator: unknown, value: unknown): DueDates {
  // In a query string the unescaped `+` of an offset arrives as a space.
  const epochMs = typeof value === 'string' ? parseDate(value.replace(' ', '+')) : null;
  if (epochMs === null) {
    throw invalidRequest(
      `Invalid due date format: Cannot convert value "${shown(value ?? null)}" to java type java.util.Date`,
    );
  }
  if (operator === 'gt') return { after: epochMs };
  if (operator === 'lt') return { before: epochMs };
  throw invalidRequest(`Invalid due date comparator specified: ${shown(operator ?? null)}`);
}
