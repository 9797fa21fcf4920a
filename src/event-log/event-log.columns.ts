import {
  type Column,
  type ColumnDialect,
  columnText,
  generatedId,
  integer,
  key,
  name,
  nullable,
  omit,
  text,
  timestamp,
  type ValuesOf,
} from '../common/columns/index.js';
import type { EventRedactor } from './event.redactor.js';

/** What the columns of an event need to write its values. */
export interface EventContext extends ColumnDialect {
  readonly redactor: EventRedactor;
}

/** Rows that others wrote may hold text that is not JSON. */
function parsed(stored: unknown): unknown {
  if (stored === null || stored === undefined) return null;
  try {
    return JSON.parse(stored as string) as unknown;
  } catch {
    return stored;
  }
}

/** A short text of this service, cut to its column. */
function cut(column: Column<string>): Column<string> {
  return { ...column, write: (value) => columnText(value, column.maxLength) };
}

/** A short text without secrets, cut to its column. */
function shortText(column: string, maxLength: number): Column<string | null, EventContext> {
  return nullable({
    ...key(column, maxLength),
    write: (value, { redactor }: EventContext) => columnText(redactor.scrub(value), maxLength),
  });
}

/** A name or an address without secrets, cut to its column in the unit of the dialect. */
function nameOrAddress(column: string, maxLength: number): Column<string | null, EventContext> {
  return nullable({
    ...name(column, maxLength),
    write: (value, { nameUnit, redactor }: EventContext) =>
      columnText(redactor.scrub(value), maxLength, nameUnit),
  });
}

/** A JSON value: stored as redacted text, and parsed when it is read. */
function json(column: string): Column<unknown, EventContext> {
  return {
    ...text(column),
    read: parsed,
    write: (value, context) => context.text(columnText(context.redactor.toJson(value))),
  };
}

/** A text for people, cut at the limit of the redactor. */
function prose(column: string): Column<string | null, EventContext> {
  return {
    ...text(column),
    write: (value, context) =>
      context.text(value === null ? null : context.redactor.toText(columnText(value))),
  };
}

/** A number that is rounded; null for one that is not finite. */
function wholeNumber(column: string): Column<number | null> {
  return {
    ...nullable(integer(column)),
    write: (value) => (value === null || !Number.isFinite(value) ? null : Math.round(value)),
  };
}

/**
 * The columns of `event_log`, and of its archive. All else is derived from this list: the entities, the types of events,
 * the statements and the mapping of rows. `write` redacts and cuts. A new column takes an entry here and a migration; see
 * "Adding a column" in docs/design/data-model.md.
 */
export const EVENT_LOG_COLUMNS = {
  id: generatedId('id'),
  correlationId: key('correlation_id', 255),
  /** Place in the trail of the process, from 1 without gaps. */
  seq: integer('seq'),
  eventKey: key('event_key', 36),
  stepName: cut(key('step_name', 255)),
  status: cut(key('status', 50)),
  httpMethod: shortText('http_method', 10),
  endpoint: nameOrAddress('endpoint', 500),
  /** JSON values, like `responseData`; secrets are redacted and large values cut before they are written. */
  requestData: json('request_data'),
  responseData: json('response_data'),
  errorMessage: prose('error_message'),
  httpStatusCode: wholeNumber('http_status_code'),
  batchId: shortText('batch_id', 255),
  traceabilityId: shortText('traceability_id', 255),
  applicationId: shortText('application_id', 255),
  targetSystem: nameOrAddress('target_system', 255),
  originatingSystem: nameOrAddress('originating_system', 255),
  processName: nameOrAddress('process_name', 255),
  /** Place in the process's list of steps, from 1; 0 for an event that is not a step. */
  step: wholeNumber('step'),
  identifiers: json('identifiers'),
  /** A sentence for people. */
  result: prose('result'),
  metadata: json('metadata'),
  /** Milliseconds. */
  executionTime: wholeNumber('execution_time'),
  createdAt: timestamp('created_at'),
};

/** The columns whose values come from the event alone; the others are its place in a trail. */
export const VALUE_COLUMNS = omit(EVENT_LOG_COLUMNS, 'id', 'correlationId', 'seq', 'eventKey', 'createdAt');

/** An event as the trail holds it; JSON columns are parsed. */
export type StoredEvent = ValuesOf<typeof EVENT_LOG_COLUMNS>;
