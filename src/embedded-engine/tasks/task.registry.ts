import type { ExternalTaskRecord } from '../persist/records.types.js';
import { DueHeap } from './due-heap.js';
import { type FetchOrder, mergeOrdered, TaskEntry } from './task-entry.js';
import { TopicQueue } from './topic.queue.js';

/**
 * All external tasks, each in one of three places: in its topic's queue (fetchable), in the heap of locks and retry
 * delays that run out, or in neither (no retries left, suspended).
 */
export class TaskRegistry {
  private readonly entries = new Map<string, TaskEntry>();
  private readonly queues = new Map<string, TopicQueue>();
  private readonly locked = new DueHeap<TaskEntry>();
  private readonly freshTopics = new Set<string>();
  private nextSeq = 0;

  get size(): number {
    return this.entries.size;
  }

  get(id: string): ExternalTaskRecord | undefined {
    return this.entries.get(id)?.record;
  }

  *records(): Generator<ExternalTaskRecord> {
    for (const entry of this.entries.values()) yield entry.record;
  }

  /** Adds a task or replaces its record, and moves it where it belongs at `now`. */
  save(record: ExternalTaskRecord, now: number): void {
    let entry = this.entries.get(record.id);
    if (entry === undefined) {
      entry = new TaskEntry(this.nextSeq++, record);
      this.entries.set(record.id, entry);
    } else {
      this.detach(entry);
      entry.record = record;
    }
    this.attach(entry, now);
  }

  remove(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.detach(entry);
    this.entries.delete(id);
  }

  /** Makes the tasks fetchable whose lock or retry delay has run out. */
  releaseExpired(now: number): void {
    for (
      let entry = this.locked.peek();
      entry !== undefined && entry.due <= now;
      entry = this.locked.peek()
    ) {
      this.locked.remove(entry);
      this.enqueue(entry);
    }
  }

  /** When the next lock or retry delay runs out. */
  nextRelease(): number | undefined {
    return this.locked.peek()?.due;
  }

  /** Topics that got a fetchable task since the last call. */
  takeFreshTopics(): ReadonlySet<string> {
    const fresh = new Set(this.freshTopics);
    this.freshTopics.clear();
    return fresh;
  }

  get hasFreshTopics(): boolean {
    return this.freshTopics.size > 0;
  }

  /** Walks the fetchable tasks of some topics in order; the registry must not change meanwhile. */
  fetchable(topicNames: Iterable<string>, order: FetchOrder): Iterable<ExternalTaskRecord> {
    const queues = [...topicNames].flatMap((name) => this.queues.get(name) ?? []);
    return recordsOf(
      mergeOrdered(
        queues.map((queue) => queue.walk(order)),
        order,
      ),
    );
  }

  private attach(entry: TaskEntry, now: number): void {
    const { retries, suspended, lockExpirationTime } = entry.record;
    if (suspended || (retries !== null && retries <= 0)) return;
    if (lockExpirationTime !== null && lockExpirationTime > now) this.locked.add(entry, lockExpirationTime);
    else this.enqueue(entry);
  }

  private detach(entry: TaskEntry): void {
    this.locked.remove(entry);
    const { topicName } = entry.record;
    const queue = this.queues.get(topicName);
    queue?.remove(entry);
    if (queue?.isEmpty === true) this.queues.delete(topicName);
  }

  private enqueue(entry: TaskEntry): void {
    const { topicName } = entry.record;
    let queue = this.queues.get(topicName);
    if (queue === undefined) {
      queue = new TopicQueue();
      this.queues.set(topicName, queue);
    }
    queue.add(entry);
    this.freshTopics.add(topicName);
  }
}

function* recordsOf(
  entries: Iterable<{ readonly record: ExternalTaskRecord }>,
): Generator<ExternalTaskRecord> {
  for (const entry of entries) yield entry.record;
}
