import { parseDate } from '../http/date.format.js';
import { optional, text, type JsonRecord } from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';

/** Camunda allows a date without an offset here, in the time zone of its server; here it is UTC. */
const WITHOUT_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

/**
 * Refuses an `executionDate` in the future, which would need an internal job; a past date means now.
 *
 * @throws RestError 400 for a date in the future and for an invalid date
 */
export function refuseDelay(body: JsonRecord, clock: () => number, prefix: string): void {
  const date = optional(body, 'executionDate', text) ?? '';
  if (date === '') return;
  const epochMs = parseDate(WITHOUT_OFFSET.test(date) ? `${date}.000+0000` : date);
  if (epochMs === null) throw invalidRequest(`${prefix}: Invalid format: "${date.slice(0, 200)}"`);
  if (epochMs > clock()) {
    throw invalidRequest(`${prefix}: an executionDate to come is not part of the embedded engine's subset`);
  }
}
