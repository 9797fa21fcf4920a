import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningTasksJournal, findOrphanedJournals, removeJournal } from './running-tasks.journal.js';

/** test/built/disk/full-disk.spec.ts tests a disk that cannot be written. */
function failed(error: unknown): void {
  throw error;
}

describe('RunningTasksJournal', () => {
  let folder: string;
  const opened: RunningTasksJournal[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });

  afterEach(() => {
    for (const journal of opened.splice(0)) journal.close(true);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The journal of a process that does not close it. */
  function open(): RunningTasksJournal {
    const journal = new RunningTasksJournal(folder, failed);
    opened.push(journal);
    return journal;
  }

  const task = (taskId: string) => ({ taskId, topic: `order.${taskId}` });
  const left = (isSole = true) => findOrphanedJournals(folder, isSole).map(({ tasks }) => tasks);

  /** Changes the owner in the only journal. */
  function rename(facts: Record<string, unknown>): void {
    const file = join(folder, readdirSync(folder)[0] ?? '');
    const content = readFileSync(file);
    const owner = JSON.parse(content.toString('utf8', 0, content.indexOf('\n'))) as object;
    content.fill(0, 0, 512);
    content.write(`${JSON.stringify({ ...owner, ...facts })}\n`);
    writeFileSync(file, content);
  }

  it('lists the running tasks for the next process', () => {
    const journal = open();
    const slots = ['a', 'b', 'c'].map((id) => journal.begin(task(id)));
    journal.end(slots[1]!);
    journal.begin(task('d'));
    expect(left()).toEqual([[task('a'), task('d'), task('c')]]);
    expect(findOrphanedJournals(folder, true)[0]?.life).toBe(journal.life);
  });

  it('removes ended tasks, at the latest when it is closed, and deletes the file if it is not kept', () => {
    const [kept, gone] = [new RunningTasksJournal(folder, failed), new RunningTasksJournal(folder, failed)];
    kept.end(kept.begin(task('ended'))!);
    kept.begin(task('running'));
    gone.begin(task('given-back'));
    kept.close(true);
    gone.close(false);
    expect(left()).toEqual([[task('running')]]);
    for (const journal of findOrphanedJournals(folder, true)) removeJournal(journal);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('returns no tasks if the machine went down', () => {
    open().begin(task('a'));
    rename({ machineBoot: 'another' });
    expect(left()).toEqual([[]]);
  });

  it.each([
    ['a process that runs', { pid: process.ppid }, 0, []],
    ['a process that is gone', { pid: 2 ** 22 - 1 }, 0, [[task('a')]]],
    ['this very process id, in an earlier life', {}, 0, [[task('a')]]],
    ['another host that writes', { host: 'elsewhere' }, 0, []],
    ['another host that has fallen silent', { host: 'elsewhere' }, 3_600_000, [[task('a')]]],
  ])('in a shared folder: returns the journal of %s', (_, owner, ageMs, expected) => {
    open().begin(task('a'));
    rename(owner);
    const at = new Date(Date.now() - ageMs);
    utimesSync(join(folder, readdirSync(folder)[0]!), at, at);
    expect(left(false)).toEqual(expected);
  });

  it('handles an invalid file, a missing folder, and one in which no file can be created', () => {
    writeFileSync(join(folder, 'deliveries-x.journal'), 'no journal');
    expect(left(false)).toEqual([[]]);
    expect(findOrphanedJournals(join(folder, 'nowhere'), true)).toEqual([]);
    expect(() => new RunningTasksJournal(join(folder, 'deliveries-x.journal'), failed)).toThrow();
  });
});
