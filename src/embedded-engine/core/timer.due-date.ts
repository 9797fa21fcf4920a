import { ProcessEngineError } from '../state/engine.errors.js';

/** ISO 8601 durations, e.g. `P1DT2H`, `PT0.5S`, `P2W`; at least one part is required. */
const DURATION =
  /^P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d{1,9})?)S)?)?$/;

const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;

/** Latest point in time that a Date can hold. */
const MAX_TIME = 8_640_000_000_000_000;

/**
 * The due date of a timer, in epoch milliseconds.
 *
 * @param value ISO 8601 text, or a Date for a date
 * @throws ProcessEngine for anything else
 */
export function dueDateOf(timer: 'date' | 'duration', value: unknown, now: number): number {
  const due = timer === 'duration' ? afterDuration(value, now) : dateOf(value);
  // Rejects NaN too, which results from years beyond the range of a Date.
  if (due === null || !(Math.abs(due) <= MAX_TIME)) {
    throw new ProcessEngineError(
      `Exception while parsing ${timer} '${String(value)}': an ISO 8601 ${timer} is expected, e.g. ${timer === 'duration' ? 'PT5M' : '2026-01-31T10:00:00Z'}`,
    );
  }
  return due;
}

/** Parses a Date or ISO 8601 text, in local time if it has no offset, as in Camunda. Null for anything else. */
export function dateOf(value: unknown): number | null {
  if (value instanceof Date) return value.getTime();
  if (typeof value !== 'string' || !/^\d{4}-\d{2}(-\d{2}(T.*)?)?$/.test(value.trim())) return null;
  const text = value.trim().replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  // A date without a time is local midnight; JavaScript alone would read it as UTC.
  const time = Date.parse(text.includes('T') ? text : `${text.length === 7 ? `${text}-01` : text}T00:00:00`);
  return Number.isNaN(time) ? null : time;
}

function afterDuration(value: unknown, now: number): number | null {
  const parts = typeof value === 'string' ? DURATION.exec(value.trim()) : null;
  if (parts === null) return null;
  const [, years, months, weeks, days, hours, minutes, seconds] = parts;
  const date = new Date(now);
  date.setFullYear(date.getFullYear() + count(years));
  date.setMonth(date.getMonth() + count(months));
  date.setDate(date.getDate() + 7 * count(weeks) + count(days));
  return Math.round(
    date.getTime() +
      count(hours) * MS_PER_HOUR +
      count(minutes) * MS_PER_MINUTE +
      count(seconds) * MS_PER_SECOND,
  );
}

function count(text: string | undefined): number {
  return text === undefined ? 0 : Number(text.replace(',', '.'));
}
