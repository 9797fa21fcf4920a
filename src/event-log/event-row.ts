import type { TimeOrderedIds } from '../common/identifiers/index.js';
import { columnText, type ColumnUnit } from '../common/columns/index.js';
import type { SqlDialect, SqlRow } from '../database/index.js';
import type { EventRedactor } from './event.redactor.js';
import type { EventRow, NewEvent, StepAttempt, StoredEvent } from './event.types.js';

/** The columns of an event that come from the event alone, in the order of {@link EventRow.values}. */
export const EVENT_COLUMNS = [
  'step_name',
  'status',
  'http_method',
  'endpoint',
  'request_data',
  'response_data',
  'error_message',
  'http_status_code',
  'batch_id',
  'traceability_id',
  'application_id',
  'target_system',
  'originating_system',
  'process_name',
  'step',
  'identifiers',
  'result',
  'metadata',
  'execution_time',
] as const;

const STEP = EVENT_COLUMNS.indexOf('step');

/** Those of the columns that hold texts without a limit. */
export const TEXT_COLUMNS: ReadonlySet<string> = new Set<(typeof EVENT_COLUMNS)[number]>([
  'request_data',
  'response_data',
  'error_message',
  'identifiers',
  'result',
  'metadata',
]);

/**
 * Makes the row of an event: JSON as redacted text, texts cut to their columns, NUL characters escaped.
 *
 * @param nameUnit what the columns of names and addresses count ({@link SqlDialect.nameUnit})
 */
export function rowOf(
  event: NewEvent,
  redactor: EventRedactor,
  ids: TimeOrderedIds,
  nameUnit: ColumnUnit = 'characters',
): EventRow {
  return {
    correlationId: event.correlationId,
    eventKey: ids.create(),
    createdAt: event.createdAt ?? new Date(),
    values: [
      columnText(event.stepName, 255),
      event.status,
      text(event.httpMethod, 10),
      text(event.endpoint, 500, nameUnit),
      json(redactor, event.requestData),
      json(redactor, event.responseData),
      prose(redactor, event.errorMessage),
      wholeNumber(event.httpStatusCode),
      text(event.batchId, 255),
      text(event.traceabilityId, 255),
      text(event.applicationId, 255),
      text(event.targetSystem, 255, nameUnit),
      text(event.originatingSystem, 255, nameUnit),
      text(event.processName, 255, nameUnit),
      wholeNumber(event.step),
      json(redactor, event.identifiers),
      prose(redactor, event.result),
      json(redactor, event.metadata),
      wholeNumber(event.executionTime),
    ],
  };
}

function text(value: string | null | undefined, length: number, unit?: ColumnUnit): string | null {
  return columnText(value ?? null, length, unit);
}

function json(redactor: EventRedactor, value: unknown): string | null {
  return columnText(redactor.toJson(value));
}

function prose(redactor: EventRedactor, value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : redactor.toText(columnText(value));
}

/**
 * Orders rows of one trail that are written together: by time, then by step. A quick first step may come to the queue
 * before the start that it follows.
 */
export function compareInTrail(a: EventRow, b: EventRow): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || stepOf(a) - stepOf(b);
}

function stepOf({ values }: EventRow): number {
  return Number(values[STEP] ?? 0);
}

/** The row that stands in for one whose content the database refuses: same place, what is known for certain. */
export function markerOf({ correlationId, eventKey, createdAt, values }: EventRow, error: unknown): EventRow {
  const message = error instanceof Error ? error.message : String(error);
  const marker: Partial<Record<(typeof EVENT_COLUMNS)[number], string>> = {
    step_name: printable(values[EVENT_COLUMNS.indexOf('step_name')]),
    status: 'error',
    error_message: 'The database refused this event for its content; this row stands in for it.',
    metadata: JSON.stringify({ refused: printable(message) }),
  };
  return {
    correlationId,
    eventKey,
    createdAt,
    values: EVENT_COLUMNS.map((column) => marker[column] ?? null),
  };
}

/** Makes an event of a row that has all columns. */
export function eventOf(row: SqlRow, dialect: SqlDialect): StoredEvent {
  const text = (column: string): string | null => (row[column] ?? null) as string | null;
  const number = (column: string): number | null => (row[column] ?? null) as number | null;
  return {
    id: String(row.id),
    correlationId: row.correlation_id as string,
    seq: row.seq as number,
    eventKey: row.event_key as string,
    stepName: row.step_name as string,
    status: row.status as string,
    httpMethod: text('http_method'),
    endpoint: text('endpoint'),
    requestData: parsed(text('request_data')),
    responseData: parsed(text('response_data')),
    errorMessage: text('error_message'),
    httpStatusCode: number('http_status_code'),
    batchId: text('batch_id'),
    traceabilityId: text('traceability_id'),
    applicationId: text('application_id'),
    targetSystem: text('target_system'),
    originatingSystem: text('originating_system'),
    processName: text('process_name'),
    step: number('step'),
    identifiers: parsed(text('identifiers')),
    result: text('result'),
    metadata: parsed(text('metadata')),
    executionTime: number('execution_time'),
    createdAt: dialect.readTime(row.created_at),
  };
}

/** Makes an attempt of a row that has its columns. */
export function attemptOf(row: SqlRow, dialect: SqlDialect): StepAttempt {
  return {
    seq: row.seq as number,
    status: row.status as string,
    errorMessage: (row.error_message ?? null) as string | null,
    createdAt: dialect.readTime(row.created_at),
  };
}

/** Rows that others wrote may hold text that is no JSON. */
function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function wholeNumber(value: number | null | undefined): number | null {
  return value === null || value === undefined || !Number.isFinite(value) ? null : Math.round(value);
}

function printable(value: unknown): string {
  return String(value)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 255);
}
