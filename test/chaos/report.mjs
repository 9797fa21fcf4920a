// What all chaos runs print and check: lines of the Test Anything Protocol, and the final state.
import { setTimeout as delay } from 'node:timers/promises';
import { findContradictions, openWork } from './verify.mjs';

/** Contradictions that a failed check prints. */
const MOST_PRINTED = 30;

/** Prints checks and counts the failed ones. */
export class Report {
  failures = 0;

  get exitCode() {
    return this.failures === 0 ? 0 : 1;
  }

  check(isOk, name, detail) {
    if (!isOk) this.failures += 1;
    console.log(`${isOk ? 'ok' : 'not ok'} - ${name}`);
    if (!isOk) console.log(String(detail).replaceAll(/^/gm, '# '));
  }
}

/** How many processes were accepted, and of how many an outcome was returned. */
export function countsOf(ledger) {
  const entries = [...ledger.entries.values()];
  return {
    outcomes: entries.filter(({ outcomes }) => outcomes.size > 0).length,
    accepted: entries.filter((entry) => entry.accepted).length,
  };
}

/** Waits until clients have received more outcomes; false after the time limit in ms. */
export async function moreOutcomes({ ledger }, count, limitMs) {
  const enough = countsOf(ledger).outcomes + count;
  const until = performance.now() + limitMs;
  while (countsOf(ledger).outcomes < enough) {
    if (performance.now() > until) return false;
    await delay(50);
  }
  return true;
}

/** Waits for the end of all processes; returns how many rows and instances are open after the time limit in ms. */
export async function waitForEnds(database, engineUrl, limitMs) {
  const until = performance.now() + limitMs;
  let open = await openWork(database, engineUrl);
  while (open > 0 && performance.now() < until) {
    await delay(250);
    open = await openWork(database, engineUrl);
  }
  return open;
}

/**
 * Ends the load and checks the final state: all processes have ended, and nothing contradicts a response.
 *
 * @param {Report} report
 * @param {{ load: import('./load.mjs').Load, database: object, engineUrl: string, limitMs: number, mode?: string, printed?: string }} run
 *   `limitMs` for the end of all processes; `mode` begins the names of the checks; `printed` ends the line of counts
 */
export async function checkFinalState(report, { load, database, engineUrl, limitMs, mode, printed = '' }) {
  await load.stop();
  const name = (text) => (mode === undefined ? text : `${mode}: ${text}`);
  const open = await waitForEnds(database, engineUrl, limitMs);
  const { ledger } = load;
  const contradictions = await findContradictions(ledger, database, engineUrl);
  const { outcomes, accepted } = countsOf(ledger);
  console.log(
    `# ${ledger.requests} requests, ${ledger.unanswered} without an answer, ${accepted} processes accepted, ${outcomes} outcomes returned${printed}`,
  );
  report.check(open === 0, name('every process ends'), `${open} rows and instances are open`);
  report.check(
    contradictions.length === 0,
    name('no response contradicts the final state'),
    contradictions.slice(0, MOST_PRINTED).join('\n'),
  );
}
