import { DueHeap } from '../core/due.heap.js';
import type { JobRecord } from '../state/records.types.js';

/** Longest time that setTimeout can wait. */
const MAX_TIMER_MS = 2_147_483_647;

/** Fewer entries than this are not worth a copy. */
const COMPACT_AT = 1_024;

/** Jobs by due date, one heap and one timer for all; an entry whose job has changed since is stepped over. */
export class TimerQueue {
  private readonly due = new DueHeap();
  private timer: NodeJS.Timeout | undefined;
  private armedFor: number | undefined;
  private compactedSize = 0;
  private running = false;

  /**
   * @param find the current state of a job
   * @param fire takes a job that is due; the next ones come when it has been done with
   */
  constructor(
    private readonly find: (id: string) => JobRecord | undefined,
    private readonly clock: () => number,
    private readonly fire: (id: string) => void,
  ) {}

  /** Takes notice of a job's new state; null: it is gone. */
  update(id: string, job: JobRecord | null): void {
    if (job === null || !isExecutable(job)) return;
    this.due.push({ at: job.dueDate, id });
    if (this.due.size > 2 * this.compactedSize + COMPACT_AT) this.compact();
    this.arm();
  }

  /** Begins to fire; until then due jobs gather. */
  start(): void {
    this.running = true;
    this.arm();
  }

  /** The clock was set: due dates are wall time, so the wait for the next one is another. */
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
    const wait = Math.min(Math.max(next - this.clock(), 0), MAX_TIMER_MS);
    this.timer = setTimeout(() => {
      this.armedFor = undefined;
      this.fireDue();
    }, wait);
    // Timers alone keep no process alive; whoever serves the engine does.
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
