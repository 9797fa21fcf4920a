/** Runs of a property: as many as it says, or as `PROPERTY_RUNS` does for a long search by hand. */
export function propertyRuns(usual: number): number {
  const wanted = Number(process.env.PROPERTY_RUNS ?? Number.NaN);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : usual;
}

/** Milliseconds that a property may take: a long search has to come to its end. */
export const PROPERTY_TIMEOUT_MS = 3_600_000;
