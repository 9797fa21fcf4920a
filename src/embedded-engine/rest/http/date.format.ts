/** Camunda's date format: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`, the offset without a colon. */
const DATE_TEXT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})([+-])(\d\d)(\d\d)$/;

/** The latest JavaScript date, in the year 275760 (ECMA-262, Time Values and Time Range). */
const LAST_EPOCH_MS = 8.64e15;

/** `2026-01-31T10:00:00.000+0000`, always in UTC. A later date becomes the latest one. */
export function formatDate(epochMs: number): string {
  const iso = new Date(Math.min(epochMs, LAST_EPOCH_MS)).toISOString();
  const text = `${iso.slice(0, -1)}+0000`;
  // ISO 8601 gives a year of more than four digits a sign, Camunda does not.
  return text.startsWith('+') ? text.replace(/^\+0?/, '') : text;
}

export function formatNullableDate(epochMs: number | null): string | null {
  return epochMs === null ? null : formatDate(epochMs);
}

/** Epoch milliseconds; null for any other format, also for a trailing `Z`, as in Camunda. */
export function parseDate(text: string): number | null {
  const match = DATE_TEXT.exec(text);
  if (match === null) return null;
  const [, year, month, day, hours, minutes, seconds, millis, sign, offsetHours, offsetMinutes] = match;
  const wall = Date.parse(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${millis ?? ''}Z`,
  );
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const epochMs = sign === '-' ? wall + offset : wall - offset;
  return Number.isNaN(epochMs) ? null : epochMs;
}
