/** Rows as schema version 4 had them: id, status, error code, step of the outcome, and the origin that they are given. */
export const OLD_OUTCOMES = [
  ['pending', 'pending', null, null, null],
  ['result-of-step', 'ok', null, 'last', 'step'],
  ['result-by-http', 'ok', null, null, 'http'],
  ['error-of-step', 'error', 'NO', 'last', 'step'],
  ['error-by-http', 'error', null, null, 'http'],
  ['stuck', 'error', 'INCIDENT', 'first', 'incident'],
  ['stuck-seen', 'error', 'INCIDENT', null, 'incident'],
  ['silent', 'error', 'ENDED_WITHOUT_RESULT', null, 'no-result'],
  ['cancelled', 'error', 'CANCELLED', null, 'cancel'],
  ['expired', 'error', 'EXPIRED', null, 'expiry'],
  ['rejected', 'error', 'START_REJECTED', null, 'start-rejected'],
  ['says-cancelled', 'error', 'CANCELLED', 'last', 'step'],
  ['says-expired', 'error', 'EXPIRED', 'last', 'step'],
] as const satisfies readonly (readonly [string, string, string | null, string | null, string | null])[];

/** The origin of each row once it is migrated, by id. */
export const OLD_OUTCOME_ORIGINS: Readonly<Record<string, string | null>> = Object.fromEntries(
  OLD_OUTCOMES.map(([id, , , , origin]) => [id, origin]),
);

/** Writes the rows to `process_store` and its archive. @param table how a statement names a table */
export async function insertOldOutcomes(
  execute: (sql: string) => unknown,
  table = (name: string) => name,
): Promise<void> {
  const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
  const time = "'2026-01-01 00:00:00.000'";
  const values = (more: string): string =>
    OLD_OUTCOMES.map(
      ([id, status, code, step]) =>
        `('${id}', '${status}', ${text(code)}, ${text(step)}, 'claim', 1, ${time}, ${time}, 1, 0${more})`,
    ).join(', ');
  const columns =
    'correlation_id, status, error_code, outcome_step, claim_id, version, started_at, updated_at, start_attempts, joined';
  await execute(`INSERT INTO ${table('process_store')} (${columns}) VALUES ${values('')}`);
  await execute(
    `INSERT INTO ${table('process_store_archive')} (${columns}, archived_at) VALUES ${values(`, ${time}`)}`,
  );
}

/** The origins of rows that were read, by id. */
export function originsOf(rows: readonly Record<string, unknown>[]): Record<string, unknown> {
  return Object.fromEntries(rows.map((row) => [row.correlation_id as string, row.outcome_origin]));
}
