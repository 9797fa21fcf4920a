// Compares the responses to clients with the final state: the table, the trail, and the history of the engine.
import { outcomeText } from './load.mjs';

const PAGE = 500;

/** All contradictions as messages. */
export async function findContradictions(ledger, database, engineUrl) {
  const rows = new Map(
    (await database.rows('SELECT * FROM process_store')).map((row) => [row.correlation_id, row]),
  );
  const trails = groupBy(
    await database.rows('SELECT * FROM event_log ORDER BY correlation_id, seq'),
    'correlation_id',
  );
  const instances = groupBy(await allInstances(engineUrl), 'businessKey');
  const found = [...ledger.faults];
  for (const [id, entry] of ledger.entries) {
    if (!entry.accepted && entry.outcomes.size === 0) continue;
    const row = rows.get(id);
    if (row === undefined) found.push(`${id} was accepted and has no row`);
    else found.push(...contradictionsOf(id, entry, row, trails.get(id) ?? [], instances.get(id) ?? []));
  }
  return found;
}

function contradictionsOf(id, entry, row, trail, instances) {
  const found = [];
  const final = outcomeText({
    status: row.status,
    data: row.data === null ? null : JSON.parse(row.data),
    error: row.error,
    errorCode: row.error_code,
  });
  if (row.status === 'pending') found.push(`${id} is still pending`);
  if (row.start_next_at !== null) found.push(`${id} is still being resolved`);
  for (const outcome of entry.outcomes)
    if (outcome !== final) found.push(`a response had ${outcome} for ${id}, which is ${final}`);
  const kept = instances.filter(({ state }) => state !== 'EXTERNALLY_TERMINATED');
  // One that was cancelled, rejected or completed from outside may have ended before it had an instance; and a cancel that
  // lost against the last step may have deleted it during the report of that step.
  const isFromOutside = row.outcome_step === null || row.cancel_requested_at !== null;
  if (kept.length > 1 || (kept.length === 0 && !isFromOutside)) {
    found.push(
      `${id} is ${final} with ${kept.length} instances: ${JSON.stringify(instances.map(({ id: of, state }) => [of, state]))}`,
    );
  }
  // A cancel that loses against the last step may have deleted the instance before a kill that took the step's event.
  const isDeletedByCancel = row.cancel_requested_at !== null && kept.length === 0;
  const places = trail.map(({ seq }) => seq);
  if (places.some((seq, index) => seq !== index + 1))
    found.push(`${id} has the places ${places} in its trail`);
  if (
    row.outcome_step !== null &&
    !isDeletedByCancel &&
    !trail.some(({ step_name: step, status }) => step === row.outcome_step && status === 'ok')
  ) {
    found.push(`${id} has no event of ${row.outcome_step}, which completed it`);
  }
  if ((row.status === 'pending') !== (row.outcome_origin === null))
    found.push(`${id} is ${row.status} and has the origin ${row.outcome_origin}`);
  if (row.outcome_origin === 'http' && row.outcome_step !== null)
    found.push(`${id} was completed by HTTP and by ${row.outcome_step}`);
  if (row.process_instance_id !== null && !trail.some(({ step_name: step }) => step === 'start')) {
    found.push(`${id} has no event of its start`);
  }
  return found;
}

/**
 * How many processes are undecided or still being resolved, and how many instances still run: the step that decided a
 * process is delivered again after the expiry of its lock, if the service was killed before its event was durable.
 */
export async function openWork(database, engineUrl) {
  return (await openProcesses(database)) + (await runningInstances(engineUrl));
}

async function runningInstances(engineUrl) {
  const response = await fetch(`${engineUrl}/process-instance/count?processDefinitionKey=onboard-user`);
  return (await response.json()).count;
}

async function openProcesses(database) {
  const [{ open }] = await database.rows(
    "SELECT COUNT(*) AS open FROM process_store WHERE status = 'pending' OR start_next_at IS NOT NULL",
  );
  return Number(open);
}

async function allInstances(engineUrl) {
  const instances = [];
  for (;;) {
    const query = `processDefinitionKey=onboard-user&sortBy=instanceId&sortOrder=asc&firstResult=${instances.length}&maxResults=${PAGE}`;
    const response = await fetch(`${engineUrl}/history/process-instance?${query}`);
    const page = await response.json();
    instances.push(...page);
    if (page.length < PAGE) return instances;
  }
}

function groupBy(rows, column) {
  const groups = new Map();
  for (const row of rows) groups.set(row[column], [...(groups.get(row[column]) ?? []), row]);
  return groups;
}
