/** Milliseconds; null while it runs. */
export function duration({
  startTime,
  endTime,
}: {
  readonly startTime: number;
  readonly endTime: number | null;
}): number | null {
  return endTime === null ? null : endTime - startTime;
}
