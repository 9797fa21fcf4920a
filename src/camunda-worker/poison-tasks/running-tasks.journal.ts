import { randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A task that was running when its process crashed. */
export interface InterruptedTask {
  readonly taskId: string;
  readonly topic: string;
}

/** The journal of a process that crashed. */
export interface OrphanedJournal {
  readonly file: string;
  /** Id of the process: a random id that is created at each start of the service. */
  readonly life: string;
  readonly tasks: readonly InterruptedTask[];
}

/** The process that writes a journal. */
interface Owner {
  readonly life: string;
  readonly host: string;
  readonly pid: number;
  /** Changes with each boot of the machine; null if the system does not offer it. */
  readonly machineBoot: string | null;
}

const NAME = /^deliveries-.+\.journal$/;

/** Bytes of a slot: in the engine an id has at most 64 characters, a topic 255. */
const SLOT_BYTES = 512;

/** The journal of another host counts as orphaned if it has not been written for this long. */
const FOREIGN_AFTER_MS = 600_000;

/**
 * Lists the running tasks in a file that survives a crash of the process.
 *
 * A write reaches the page cache, which survives a killed process. It is not flushed to disk, because no task is to
 * blame if the machine itself goes down. A free slot is overwritten by the next task: one write per task.
 */
export class RunningTasksJournal {
  readonly life = randomUUID();
  private readonly file: string;
  private readonly handle: number;
  private readonly buffer = Buffer.alloc(SLOT_BYTES);
  private readonly free: number[] = [];
  /** Slots whose task has ended but is still listed in the file. */
  private readonly stale = new Set<number>();
  private slots = 1;
  private clearing: NodeJS.Timeout | null = null;
  private isFailing = false;

  /**
   * @param onFault is called with the error when writes begin to fail, for example on a full disk, and with null when
   *   they succeed again
   * @throws Error if no file can be created in the folder
   */
  constructor(
    folder: string,
    private readonly onFault: (error: unknown) => void,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = join(folder, `deliveries-${this.life}.journal`);
    this.handle = openSync(this.file, 'w', 0o600);
    const owner: Owner = { life: this.life, host: hostname(), pid: process.pid, machineBoot: machineBoot() };
    this.writeNow(0, JSON.stringify(owner));
  }

  /**
   * Notes a task before its handler runs.
   *
   * @returns its slot; null if the write failed and the task is not listed
   */
  begin({ taskId, topic }: InterruptedTask): number | null {
    const slot = this.free.pop() ?? this.slots++;
    this.stale.delete(slot);
    if (this.write(slot, `${taskId}\t${topic}`)) return slot;
    // The file may still list an earlier task in this slot.
    this.end(slot);
    return null;
  }

  /** The task of a slot has ended. */
  end(slot: number): void {
    this.free.push(slot);
    this.stale.add(slot);
    this.clearSoon(CLEAR_AFTER_MS);
  }

  /** Closes the file. @param keep keeps it for the next start, which finds the tasks that have not ended */
  close(keep: boolean): void {
    if (this.clearing !== null) clearTimeout(this.clearing);
    this.clear();
    closeSync(this.handle);
    if (!keep) unlinkSync(this.file);
  }

  private clearSoon(delayMs: number): void {
    this.clearing ??= setTimeout(() => {
      this.clear();
      if (this.stale.size > 0) this.clearSoon(RETRY_AFTER_MS);
    }, delayMs).unref();
  }

  private clear(): void {
    this.clearing = null;
    for (const slot of this.stale) {
      if (!this.write(slot, '')) return;
      this.stale.delete(slot);
    }
  }

  /** @returns false if the write failed. That must not stop the service: the journal only helps after a crash. */
  private write(slot: number, text: string): boolean {
    try {
      this.writeNow(slot, text);
    } catch (error) {
      if (!this.isFailing) this.onFault(error);
      this.isFailing = true;
      return false;
    }
    if (this.isFailing) this.onFault(null);
    this.isFailing = false;
    return true;
  }

  private writeNow(slot: number, text: string): void {
    const length = this.buffer.write(`${text}\n`, 0, SLOT_BYTES, 'utf8');
    writeSync(this.handle, this.buffer, 0, length, slot * SLOT_BYTES);
  }
}

/** Milliseconds after which a slot that no other task has taken is cleared in the file. */
const CLEAR_AFTER_MS = 100;

/** Milliseconds until a failed write is repeated. */
const RETRY_AFTER_MS = 1_000;

/**
 * Finds the journals of crashed processes. If the machine itself went down, the journal is returned without tasks: no
 * task caused that.
 *
 * @param isSole true if no other process can use the folder
 */
export function findOrphanedJournals(folder: string, isSole: boolean): OrphanedJournal[] {
  return namesIn(folder).flatMap((name) => {
    const file = join(folder, name);
    const [first = '', ...slots] = slotsOf(readFileSync(file));
    const owner = ownerOf(first);
    if (owner === null) return [{ file, life: '', tasks: [] }];
    if (!isSole && isAlive(owner, file)) return [];
    const wentDownWithMachine = owner.machineBoot !== machineBoot();
    return [{ file, life: owner.life, tasks: wentDownWithMachine ? [] : slots.flatMap(taskOf) }];
  });
}

/** Removes a journal whose tasks are counted. */
export function removeJournal({ file }: OrphanedJournal): void {
  unlinkSync(file);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    return [];
  }
}

function slotsOf(content: Buffer): string[] {
  return Array.from({ length: Math.ceil(content.length / SLOT_BYTES) }, (_, slot) => {
    const text = content.toString('utf8', slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    return text.slice(0, Math.max(text.indexOf('\n'), 0));
  });
}

function taskOf(slot: string): InterruptedTask[] {
  const [taskId = '', topic = ''] = slot.split('\t');
  return taskId === '' ? [] : [{ taskId, topic }];
}

function ownerOf(slot: string): Owner | null {
  try {
    return JSON.parse(slot) as Owner;
  } catch {
    return null;
  }
}

function isAlive({ host, pid }: Owner, file: string): boolean {
  if (host !== hostname()) return Date.now() - statSync(file).mtimeMs < FOREIGN_AFTER_MS;
  // In a container the service has the same pid after each restart.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function machineBoot(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
