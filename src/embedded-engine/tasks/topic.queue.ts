/** A task's place in a queue; dead once the task was taken or is gone. */
interface Entry {
  readonly taskId: string;
  readonly order: number;
  alive: boolean;
}

/** Below this, dead entries at the head are not worth a copy. */
const COMPACT_AT = 1_024;

/** Tasks of one priority in the order in which they became available. */
class Lane {
  private entries: Entry[] = [];
  private head = 0;

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  /** The living entries, oldest first; the walk drops dead ones at the head. */
  *walk(): Generator<Entry> {
    this.dropDeadHead();
    for (let at = this.head; at < this.entries.length; at += 1) {
      const entry = this.entries[at];
      if (entry?.alive === true) yield entry;
    }
  }

  private dropDeadHead(): void {
    while (this.entries[this.head]?.alive === false) this.head += 1;
    if (this.head < COMPACT_AT || this.head * 2 < this.entries.length) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }
}

/** The tasks of one topic that may be fetched now. */
export class TopicQueue {
  private readonly lanes = new Map<number, Lane>();
  private priorities: number[] = [];
  private readonly entries = new Map<string, Entry>();
  private count = 0;

  get size(): number {
    return this.entries.size;
  }

  /** Makes a task available; one that is already keeps its place. */
  add(taskId: string, priority: number): void {
    if (this.entries.has(taskId)) return;
    this.count += 1;
    const entry: Entry = { taskId, order: this.count, alive: true };
    this.entries.set(taskId, entry);
    this.lane(priority).push(entry);
  }

  remove(taskId: string): void {
    const entry = this.entries.get(taskId);
    if (entry === undefined) return;
    entry.alive = false;
    this.entries.delete(taskId);
  }

  /** Task ids, highest priority first. */
  *byPriority(): Generator<string> {
    for (const priority of this.priorities) {
      for (const entry of this.lanes.get(priority)?.walk() ?? []) yield entry.taskId;
    }
  }

  /** Task ids in the order in which they became available, whatever their priority. */
  *byAge(): Generator<string> {
    const walks = this.priorities.flatMap((priority) => this.lanes.get(priority)?.walk() ?? []);
    const heads = walks.map((walk) => walk.next());
    for (;;) {
      let oldest = -1;
      heads.forEach((head, at) => {
        const best = heads[oldest];
        if (
          head.done !== true &&
          (best === undefined || best.done === true || head.value.order < best.value.order)
        ) {
          oldest = at;
        }
      });
      const head = heads[oldest];
      const walk = walks[oldest];
      if (head === undefined || head.done === true || walk === undefined) return;
      yield head.value.taskId;
      heads[oldest] = walk.next();
    }
  }

  private lane(priority: number): Lane {
    const known = this.lanes.get(priority);
    if (known !== undefined) return known;
    const lane = new Lane();
    this.lanes.set(priority, lane);
    this.priorities = [...this.priorities, priority].sort((a, b) => b - a);
    return lane;
  }
}
