/** A task's entry in a queue; dead after the task was taken or removed. */
interface Entry {
  readonly taskId: string;
  readonly lane: Lane;
  readonly order: number;
  alive: boolean;
}

/** Number of dead entries from which a lane is compacted. */
const COMPACT_AT = 1_024;

/** Tasks of one priority in the order in which they became available. */
class Lane {
  private entries: Entry[] = [];
  private head = 0;
  private dead = 0;

  constructor(readonly priority: number) {}

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  kill(entry: Entry): void {
    entry.alive = false;
    this.dead += 1;
  }

  /** The live entries, oldest first; the queue must not change during the iteration. */
  *walk(): Generator<Entry> {
    this.tidy();
    for (let at = this.head; at < this.entries.length; at += 1) {
      const entry = this.entries[at];
      if (entry?.alive === true) yield entry;
    }
  }

  /** Skips dead entries at the head, and removes all dead ones when they are the majority. */
  private tidy(): void {
    while (this.entries[this.head]?.alive === false) this.head += 1;
    if (this.dead < COMPACT_AT || this.dead * 2 < this.entries.length) return;
    this.entries = this.entries.filter(({ alive }) => alive);
    this.head = 0;
    this.dead = 0;
  }
}

/** The tasks of one topic that can be fetched now. */
export class TopicQueue {
  /** Highest priority first. */
  private lanes: Lane[] = [];
  private readonly entries = new Map<string, Entry>();
  private count = 0;

  get size(): number {
    return this.entries.size;
  }

  /** Adds a task. An existing task keeps its position unless its priority has changed. */
  add(taskId: string, priority: number): void {
    if (this.entries.get(taskId)?.lane.priority === priority) return;
    this.remove(taskId);
    this.count += 1;
    const entry: Entry = { taskId, lane: this.lane(priority), order: this.count, alive: true };
    this.entries.set(taskId, entry);
    entry.lane.push(entry);
  }

  remove(taskId: string): void {
    const entry = this.entries.get(taskId);
    if (entry === undefined) return;
    entry.lane.kill(entry);
    this.entries.delete(taskId);
  }

  /** Task ids, highest priority first. */
  *byPriority(): Generator<string> {
    for (const lane of this.lanes) {
      for (const entry of lane.walk()) yield entry.taskId;
    }
  }

  /** Task ids in the order in which they became available, whatever their priority. */
  *byAge(): Generator<string> {
    const walks = this.lanes.map((lane) => lane.walk());
    let heads = walks.flatMap((walk) => nextOf(walk));
    while (heads.length > 0) {
      const oldest = heads.reduce((best, head) => (head.entry.order < best.entry.order ? head : best));
      yield oldest.entry.taskId;
      heads = heads.flatMap((head) => (head === oldest ? nextOf(head.walk) : head));
    }
  }

  private lane(priority: number): Lane {
    const known = this.lanes.find((lane) => lane.priority === priority);
    if (known !== undefined) return known;
    const lane = new Lane(priority);
    this.lanes = [...this.lanes, lane].sort((a, b) => b.priority - a.priority);
    return lane;
  }
}

interface WalkHead {
  readonly walk: Generator<Entry>;
  readonly entry: Entry;
}

function nextOf(walk: Generator<Entry>): WalkHead[] {
  const next = walk.next();
  return next.done === true ? [] : [{ walk, entry: next.value }];
}
