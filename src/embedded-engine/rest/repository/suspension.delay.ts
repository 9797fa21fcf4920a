import { parseDate } from '../http/date.format.js';
import { optional, text, type JsonRecord } from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';

/** Camunda takes the offset or leaves it out here; without one the time is that of its server, here UTC. */
const WITHOUT_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

/**
 * Lets an `executionDate` pass that has come: it means now.
 *
 * @throws RestError 400 for one to come, which would need a job of the engine's own, and for what is no date
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
