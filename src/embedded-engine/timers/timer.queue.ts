import { delayUntil } from '../core/timer.delay.js';
import { DueHeap } from '../core/due.heap.js';
import type { JobRecord } from '../state/records.types.js';

/** Number of entries from which stale ones are removed. */
const COMPACT_AT = 1_024;

/** Jobs by due date, with one heap and one timer for all. Entries of jobs that have changed since are skipped. */
export class TimerQueue {
  private readonly due = new DueHeap();
  private timer: NodeJS.Timeout | undefined;
  private armedFor: number | undefined;
  private compactedSize = 0;
  private running = false;

  /**
   * @param find returns the current state of a job
   * @param fire executes a due job; the next ones follow after it
   */
  constructor(
    private readonly find: (id: string) => JobRecord | undefined,
    private readonly clock: () => number,
    private readonly fire: (id: string) => void,
  ) {}

  /** Updates the state of a job; null: it was removed. */
  update(id: string, job: JobRecord | null): void {
    if (job === null || !isExecutable(job)) return;
    this.due.push({ at: job.dueDate, id });
    if (this.due.size > 2 * this.compactedSize + COMPACT_AT) this.compact();
    this.arm();
  }

  /** Starts to execute due jobs; until then they accumulate. */
  start(): void {
    this.running = true;
    this.arm();
  }

  /** Reschedules the timer after the clock was set: due dates are wall clock times. */
  reschedule(): void {
    clearTimeout(this.timer);
    this.armedFor = undefined;
    this.arm();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.armedFor = undefined;
  }

  private arm(): void {
    const next = this.running ? this.due.peek()?.at : undefined;
    if (next === undefined || next === this.armedFor) return;
    if (this.armedFor !== undefined && this.armedFor < next) return;
    clearTimeout(this.timer);
    this.armedFor = next;
    const wait = delayUntil(next, this.clock());
    this.timer = setTimeout(() => {
      this.armedFor = undefined;
      this.fireDue();
    }, wait);
    // Timers alone must not keep the process alive.
    this.timer.unref();
  }

  private fireDue(): void {
    const now = this.clock();
    for (let next = this.due.peek(); next !== undefined && next.at <= now; next = this.due.peek()) {
      this.due.pop();
      if (this.holds(next)) this.fire(next.id);
    }
    this.arm();
  }

  private holds({ id, at }: { readonly id: string; readonly at: number }): boolean {
    const job = this.find(id);
    return job !== undefined && isExecutable(job) && job.dueDate === at;
  }

  private compact(): void {
    this.due.retain((due) => this.holds(due));
    this.compactedSize = this.due.size;
  }
}

function isExecutable(job: JobRecord): boolean {
  return job.retries > 0 && !job.suspended;
}
