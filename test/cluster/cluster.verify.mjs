// What a cluster promises beyond the checks of the chaos test: the right outcome for each process, every step in its trail, and
// one deployment of each definition.
import { findContradictions } from '../chaos/verify.mjs';

/** The steps of a process that ends well. */
const STEPS = [
  'validate-user-information',
  'run-background-check',
  'call-onboarding-api',
  'prepare-response',
];

/** How many processes a report of contradictions describes. */
const DESCRIBED = 5;

/** All contradictions as messages. */
export async function findClusterContradictions(ledger, database, engineUrl) {
  const found = await findContradictions(ledger, database, engineUrl);
  const rows = await database.rows('SELECT * FROM process_store');
  const done = new Map();
  for (const { correlation_id: id, step_name: step, status } of await database.rows(
    'SELECT correlation_id, step_name, status FROM event_log',
  ))
    if (status === 'ok') done.set(id, (done.get(id) ?? new Set()).add(step));
  for (const row of rows) {
    const entry = ledger.entries.get(row.correlation_id);
    if (entry === undefined) {
      found.push(`${row.correlation_id} has a row, and no client started it`);
      continue;
    }
    const fault = faultOfOutcome(entry, row);
    if (fault !== null) found.push(`${row.correlation_id} (${entry.kind}) ${fault}`);
    const missing = STEPS.filter((step) => done.get(row.correlation_id)?.has(step) !== true);
    if (row.outcome_step === 'prepare-response' && missing.length > 0)
      found.push(`${row.correlation_id} has no event of ${missing}`);
  }
  return found;
}

/** What the table and the trail have about the processes that messages name, to find the cause. */
export async function describeProcesses(messages, database, engineUrl) {
  const ids = new Set(messages.flatMap((each) => each.match(/\b[a-z]+-\d+-\d+\b/g) ?? []));
  const lines = [];
  for (const id of [...ids].slice(0, DESCRIBED)) {
    const [row] = await database.rows(
      `SELECT status, error_code, started_at, updated_at, start_owner, start_attempts, process_instance_id, outcome_origin FROM process_store WHERE correlation_id = '${id}'`,
    );
    const trail = await database.rows(
      `SELECT seq, step_name, status, created_at, task_id, metadata FROM event_log WHERE correlation_id = '${id}' ORDER BY seq`,
    );
    const history = await fetch(`${engineUrl}/history/process-instance?processInstanceBusinessKey=${id}`);
    const instances = (await history.json()).map(({ id: of, state, startTime, endTime }) => ({
      of,
      state,
      startTime,
      endTime,
    }));
    lines.push(id, ...[row, ...trail, ...instances].map((each) => `  ${JSON.stringify(each)}`));
  }
  return lines;
}

function faultOfOutcome({ kind, isCancelled, isCompleted }, row) {
  const { correlation_id: id, status, error_code: code } = row;
  const data = row.data === null ? null : JSON.parse(row.data);
  if (isCancelled && code === 'CANCELLED') return null;
  if (isCompleted && status === 'ok' && data?.completedBy === 'chaos') return null;
  const wanted = kind === 'blocked' ? 'NOT_CLEARED' : kind === 'broken' ? 'CANCELLED' : null;
  if (wanted !== null) return code === wanted ? null : `ended with ${code ?? status} instead of ${wanted}`;
  return status === 'ok' && data?.userId === id && data.onboardingResult?.userId === id
    ? null
    : `ended with ${code ?? status} ${row.error} ${row.data}`;
}

/** How many versions of a definition the engine has. */
export async function versionsOf(engineUrl, key) {
  const response = await fetch(`${engineUrl}/process-definition/count?key=${key}`);
  return (await response.json()).count;
}
