import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { isDamage } from './sqlite.faults.js';

const CHILD = fileURLToPath(new URL('./file.check.child.mjs', import.meta.url));

/** Up to this size in bytes a check takes less time than the start of a process: about 2 s per GB in the page cache. */
const INLINE_BYTES = 32 * 1024 * 1024;

/** How long a boot waits for the check of a larger file, in ms. */
const QUICK_LIMIT_MS = 10_000;

/** Findings that are shown; a damaged index alone may give thousands. */
const MAX_FINDINGS = 3;

/**
 * The result of a check. `sound`: the whole file was read without findings. `unfinished`: the check took longer than its
 * limit, and found no damage until then. `unreadable`: the file could not be opened or read for another reason.
 */
export type FileCheck =
  | { readonly status: 'sound' | 'missing' | 'unfinished' }
  | { readonly status: 'damaged'; readonly findings: string }
  | { readonly status: 'unreadable'; readonly reason: string };

/**
 * Checks for damage with `PRAGMA quick_check`, as a boot does: a small file in this process, a larger one in a child process
 * that is killed at the limit or by the signal. Never rejects.
 *
 * @param limitMs for a larger file
 */
export async function quickCheck(
  path: string,
  { signal, limitMs = QUICK_LIMIT_MS }: { readonly signal?: AbortSignal; readonly limitMs?: number } = {},
): Promise<FileCheck> {
  if (!existsSync(path)) return { status: 'missing' };
  if (sizeOf(path) <= INLINE_BYTES) return checkHere(path);
  return checkInProcess(path, 'quick_check', limitMs, signal);
}

/** Checks for damage with `PRAGMA integrity_check`, without a limit: about twice as long in the page cache. Never rejects. */
export async function wholeCheck(path: string): Promise<FileCheck> {
  if (!existsSync(path)) return { status: 'missing' };
  return checkInProcess(path, 'integrity_check', null);
}

/** The size of the file and its log, in bytes. */
function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, each) => sum + (existsSync(each) ? statSync(each).size : 0), 0);
}

function checkHere(path: string): FileCheck {
  let db: BetterSqlite3.Database | undefined;
  try {
    db = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
    const rows = db.pragma('quick_check') as readonly Readonly<Record<string, unknown>>[];
    return verdictOf(rows.map((row) => String(Object.values(row)[0])).filter((row) => row !== 'ok'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return isDamage(error) ? { status: 'damaged', findings: reason } : { status: 'unreadable', reason };
  } finally {
    db?.close();
  }
}

function checkInProcess(
  path: string,
  pragma: string,
  limitMs: number | null,
  signal?: AbortSignal,
): Promise<FileCheck> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, path, pragma], { stdio: ['ignore', 'pipe', 'ignore'] });
    const kill = (): void => {
      child.kill('SIGKILL');
    };
    const timer = limitMs === null ? undefined : setTimeout(kill, limitMs);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted === true) kill();
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const settle = (result: FileCheck): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      resolve(result);
    };
    child.once('error', (error) => {
      settle({ status: 'unreadable', reason: error.message });
    });
    child.once('close', () => {
      settle(output === '' ? { status: 'unfinished' } : resultOf(output));
    });
  });
}

function resultOf(output: string): FileCheck {
  const { findings, fault } = JSON.parse(output) as { findings?: readonly string[]; fault?: string };
  return findings === undefined ? { status: 'unreadable', reason: fault ?? '' } : verdictOf(findings);
}

function verdictOf(findings: readonly string[]): FileCheck {
  if (findings.length === 0) return { status: 'sound' };
  const more = findings.length > MAX_FINDINGS ? ` (and ${findings.length - MAX_FINDINGS} more)` : '';
  // SQLite separates the findings of tables by line breaks.
  const shown = findings.slice(0, MAX_FINDINGS).join('; ').replaceAll('\n', ' ');
  return { status: 'damaged', findings: `${shown.slice(0, 400)}${more}` };
}
