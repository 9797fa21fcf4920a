// Runs one step of CI in its own process group with a time limit, and counts its tests.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countTests } from '../lib/count-tests.mjs';
import { signalProcess } from './processes.mjs';

/** A step that ignores SIGTERM is killed after this time, in ms. */
const KILL_AFTER_MS = 10_000;

/** Comments of a failed check of the Test Anything Protocol that its fault repeats. */
const MOST_COMMENTS = 25;

/**
 * What a step runs and how its result is counted.
 *
 * `check`: the exit code counts as one test. `jest`: an npm script that runs Jest; each test of its JSON report counts.
 * `tap`: prints lines of the Test Anything Protocol; each `ok` or `not ok` line counts.
 *
 * @typedef {{ name: string, kind: 'check' | 'jest' | 'tap', seconds: number, command: string[],
 *   env?: Record<string, string> }} Step
 *
 * @typedef {{ step: Step, seconds: number, passed: number, failed: number, faults: string[], log: string }} StepResult
 */

/**
 * Runs a step.
 *
 * @param {Step} step
 * @param {{ folder: string, secondsLeft: number, signal: AbortSignal, groups: Set<number> }} run where logs go; what is
 *   left of the whole run's time; an aborted signal ends the step; gets the id of the step's process group
 * @returns {Promise<StepResult>} a failed step is a result, not an error
 */
export async function runStep(step, { folder, secondsLeft, signal, groups }) {
  const file = join(folder, step.name.replaceAll(/[^a-z0-9]+/gi, '-'));
  const log = `${file}.log`;
  const report = `${file}.json`;
  const command =
    step.kind === 'jest' ? [...step.command, '--ci', '--json', `--outputFile=${report}`] : step.command;
  const began = performance.now();
  const limit = Math.max(1, Math.min(step.seconds, secondsLeft));
  const code = await execute(command, { env: step.env, log, limit, signal, groups });
  const output = readFileSync(log, 'utf8');
  return {
    step,
    log: output,
    seconds: Math.round((performance.now() - began) / 1_000),
    ...judge(step.kind, { code, output, report, limit }),
  };
}

/** The exit code, or the name of the signal that ended the command. */
async function execute([program, ...args], { env, log, limit, signal, groups }) {
  // A file, not a pipe: no output is lost at the exit, and a process that outlives the step keeps no pipe open.
  const output = openSync(log, 'w');
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  if (child.pid !== undefined) groups.add(child.pid);
  let timer = setTimeout(end, limit * 1_000);
  function end() {
    clearTimeout(timer);
    timer = setTimeout(() => signalProcess(-child.pid, 'SIGKILL'), KILL_AFTER_MS);
    signalProcess(-child.pid, 'SIGTERM');
  }
  signal.addEventListener('abort', end, { once: true });
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (exitCode, exitSignal) => resolve(exitCode ?? exitSignal));
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
  return code;
}

function judge(kind, { code, output, report, limit }) {
  const ended = `ended with ${code}${code === 'SIGTERM' || code === 'SIGKILL' ? ` (its limit is ${limit} s)` : ''}`;
  if (kind === 'check') return code === 0 ? result(1, 0) : result(0, 1, [ended]);
  const counts = kind === 'jest' ? countReport(report) : countTap(output);
  if (counts === null) return result(0, 1, [`${ended} and left no report`]);
  const { passed, failed, faults } = counts;
  if (failed > 0) return result(passed, failed, faults);
  if (code !== 0) {
    return result(passed, 1, [
      `${ended} although no test failed: a coverage threshold, a time-out or a crash`,
    ]);
  }
  return passed === 0 ? result(0, 1, ['ran no test']) : result(passed, 0);
}

function result(passed, failed, faults = []) {
  return { passed, failed, faults };
}

function countReport(report) {
  return existsSync(report) ? countTests(JSON.parse(readFileSync(report, 'utf8'))) : null;
}

function countTap(output) {
  const lines = output.split('\n');
  const faults = lines.flatMap((line, index) =>
    line.startsWith('not ok ') ? [[line, ...commentsFrom(lines, index + 1)].join('\n')] : [],
  );
  return {
    passed: lines.filter((line) => line.startsWith('ok ')).length,
    failed: faults.length,
    faults,
  };
}

/** The comments that begin at a line: the reason of the failed check before them. */
function commentsFrom(lines, start) {
  const end = lines.findIndex((line, index) => index >= start && !line.startsWith('#'));
  return lines.slice(start, Math.min(end === -1 ? lines.length : end, start + MOST_COMMENTS));
}
