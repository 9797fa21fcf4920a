/** Camunda's REST format of points in time: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`, the offset without a colon. */
const DATE_TEXT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})([+-])(\d\d)(\d\d)$/;

/** `2026-01-31T10:00:00.000+0000`, always in UTC. */
export function formatDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000');
}

export function formatNullableDate(epochMs: number | null): string | null {
  return epochMs === null ? null : formatDate(epochMs);
}

/** Epoch milliseconds; null for every other format, a trailing `Z` among them, as in Camunda. */
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
