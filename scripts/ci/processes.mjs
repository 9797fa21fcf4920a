// Finds and ends the processes of a CI run.
import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable that the processes of a run inherit. */
export const MARK_VARIABLE = 'CI_RUN_MARK';

/**
 * The living processes of a run, without this one and its parent: those in the process group of a step, and
 * those that have left it but carry the mark in their environment.
 *
 * @param {{ mark: string, groups: Set<number> }} run the value of CI_RUN_MARK; the ids of the steps' process groups
 * @returns {{ pid: number, command: string }[]}
 */
export function livingProcesses({ mark, groups }) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && pid !== process.ppid)
    .filter((pid) => groups.has(groupOf(pid)) || hasMark(pid, mark))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

/** Sends a signal to a process, or to a process group if the id is negative. A missing process is no error. */
export function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** @returns {number} NaN for a process that has ended, a zombie included */
function groupOf(pid) {
  // The name in parentheses can contain spaces; the state and the ids of parent and group follow it.
  const [state, , group] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return state === 'Z' ? Number.NaN : Number(group);
}

function hasMark(pid, mark) {
  return read(`/proc/${pid}/environ`).split('\0').includes(`${MARK_VARIABLE}=${mark}`);
}

/** A process can end between the listing of /proc and this read. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
