/** Milliseconds from start to end; null while it runs. */
export function durationOf(record: {
  readonly startTime: number;
  readonly endTime: number | null;
}): number | null {
  return record.endTime === null ? null : record.endTime - record.startTime;
}

/** Sorts by {@link durationOf}. */
export const DURATION = { name: 'duration', of: durationOf } as const;
