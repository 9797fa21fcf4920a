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

/** A task that was running when its process died. */
export interface LeftOver {
  readonly taskId: string;
  readonly topic: string;
}

/** What a process that died has left. */
export interface LeftJournal {
  readonly file: string;
  /** Id of that life of the service. */
  readonly life: string;
  readonly tasks: readonly LeftOver[];
}

/** Who writes a journal. */
interface Owner {
  readonly life: string;
  readonly host: string;
  readonly pid: number;
  /** Changes when the machine starts anew; null where the system does not say. */
  readonly machineBoot: string | null;
}

const NAME = /^deliveries-.+\.journal$/;

/** Bytes of a slot: an id and a topic of the engine have at most 64 and 255 characters. */
const SLOT_BYTES = 512;

/** A journal of another host is taken for left over when it has not been written for this long. */
const FOREIGN_AFTER_MS = 600_000;

/**
 * The tasks that run now, in a file that outlives the process.
 *
 * A write reaches the page cache, which a killed process does not lose; it is not flushed, because after the machine's
 * own end nobody is to blame. A slot that has become free is overwritten by the next task: one write for each.
 */
export class DeliveryJournal {
  readonly life = randomUUID();
  private readonly file: string;
  private readonly handle: number;
  private readonly buffer = Buffer.alloc(SLOT_BYTES);
  private readonly free: number[] = [];
  /** Slots whose task has ended but is still in the file. */
  private readonly stale = new Set<number>();
  private slots = 1;
  private clearing: NodeJS.Timeout | null = null;
  private isFailing = false;

  /**
   * @param onFault is called with the error when writes begin to fail, and with null when they succeed again; a disk can
   *   be full for a time
   * @throws Error if the folder takes no files
   */
  constructor(
    folder: string,
    private readonly onFault: (error: unknown) => void,
  ) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `deliveries-${this.life}.journal`);
    this.handle = openSync(this.file, 'w');
    const owner: Owner = { life: this.life, host: hostname(), pid: process.pid, machineBoot: machineBoot() };
    this.writeNow(0, JSON.stringify(owner));
  }

  /**
   * Notes a task before its handler runs.
   *
   * @returns its slot; null if the file takes no write, so that the task is not noted
   */
  begin({ taskId, topic }: LeftOver): number | null {
    const slot = this.free.pop() ?? this.slots++;
    this.stale.delete(slot);
    if (this.write(slot, `${taskId}\t${topic}`)) return slot;
    // The file may still name an earlier task here.
    this.end(slot);
    return null;
  }

  /** The task of a slot has ended. */
  end(slot: number): void {
    this.free.push(slot);
    this.stale.add(slot);
    this.clearSoon(CLEAR_AFTER_MS);
  }

  /** Lets go of the file. @param keep where tasks that have not ended are to be found by the next start */
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

  /** @returns false if the file takes no write, which must not end the service: the journal only helps after a crash */
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

/** Milliseconds after which a slot that no further task has taken is cleared in the file. */
const CLEAR_AFTER_MS = 100;

/** Milliseconds until a file that took no write is tried again. */
const RETRY_AFTER_MS = 1_000;

/**
 * Journals of processes that have died. One that the machine has taken with it has no tasks: its end was no task's fault.
 *
 * @param isSole whether no other process can use the folder
 */
export function leftJournals(folder: string, isSole: boolean): LeftJournal[] {
  return namesIn(folder).flatMap((name) => {
    const file = join(folder, name);
    const [first = '', ...slots] = slotsOf(readFileSync(file));
    const owner = ownerOf(first);
    if (owner === null) return [{ file, life: '', tasks: [] }];
    if (!isSole && isAlive(owner, file)) return [];
    const isMachine = owner.machineBoot !== machineBoot();
    return [{ file, life: owner.life, tasks: isMachine ? [] : slots.flatMap(taskOf) }];
  });
}

/** Removes a journal whose tasks are counted. */
export function removeJournal({ file }: LeftJournal): void {
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

function taskOf(slot: string): LeftOver[] {
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
  // A container's service has the same id in each of its lives.
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
