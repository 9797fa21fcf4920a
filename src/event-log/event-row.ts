import { namesOf, pick, rowReader, rowWriter, type SqlValue } from '../common/columns/index.js';
import type { TimeOrderedIds } from '../common/identifiers/index.js';
import { EVENT_LOG_COLUMNS, type EventContext, VALUE_COLUMNS } from './event-log.columns.js';
import type { EventRow, NewEvent } from './event.types.js';

const ATTEMPT = pick(EVENT_LOG_COLUMNS, 'seq', 'status', 'errorMessage', 'createdAt');

/** The columns of a `StepAttempt`. */
export const ATTEMPT_COLUMNS = namesOf(ATTEMPT);

/** Makes a `StepAttempt` of a row that has the {@link ATTEMPT_COLUMNS}. */
export const attemptOf = rowReader(ATTEMPT);

/** Makes a `StoredEvent` of a row that has all columns. */
export const eventOf = rowReader(EVENT_LOG_COLUMNS);

const valuesOf = rowWriter(VALUE_COLUMNS);

const PROPERTIES = Object.keys(VALUE_COLUMNS);
const STEP = PROPERTIES.indexOf('step');
const STEP_NAME = PROPERTIES.indexOf('stepName');

/**
 * Makes the row of an event: JSON as redacted text, texts cut to their columns, NUL characters escaped.
 *
 * @param now by the clock of the database
 */
export function rowOf(event: NewEvent, context: EventContext, ids: TimeOrderedIds, now: Date): EventRow {
  return {
    correlationId: event.correlationId,
    eventKey: event.eventKey ?? ids.create(),
    createdAt: event.createdAt ?? now,
    values: valuesOf(event, context),
  };
}

/**
 * Orders rows of one trail that are written together: by time, then by step. The event of a quick first step may be
 * queued before that of the start.
 */
export function compareInTrail(a: EventRow, b: EventRow): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || stepOf(a) - stepOf(b);
}

function stepOf({ values }: EventRow): number {
  return Number(values[STEP] ?? 0);
}

/** The row that replaces one whose content the database refuses: same place, and only values that are safe. */
export function markerOf(
  { correlationId, eventKey, createdAt, values }: EventRow,
  error: unknown,
  context: EventContext,
): EventRow {
  const message = error instanceof Error ? error.message : String(error);
  const known = valuesOf({ stepName: printable(values[STEP_NAME]), status: 'error' }, context);
  const explanation: Readonly<Record<string, SqlValue>> = {
    errorMessage: context.text('The database refused this event for its content; this row replaces it.'),
    metadata: context.text(JSON.stringify({ refused: printable(message) })),
  };
  return {
    correlationId,
    eventKey,
    createdAt,
    values: PROPERTIES.map((property, index) => explanation[property] ?? known[index] ?? null),
  };
}

function printable(value: unknown): string {
  return String(value)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 255);
}
