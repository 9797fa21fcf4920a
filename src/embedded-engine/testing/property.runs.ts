/** The number of runs of a property: `PROPERTY_RUNS` for a long search, otherwise the given default. */
export function propertyRuns(usual: number): number {
  const wanted = Number(process.env.PROPERTY_RUNS ?? Number.NaN);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : usual;
}

/** Time limit of a property in ms, sufficient for a long search. */
export const PROPERTY_TIMEOUT_MS = 3_600_000;
