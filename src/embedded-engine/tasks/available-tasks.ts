import type { ExternalTaskRecord } from '../state/records.types.js';
import { type Due, DueHeap } from '../core/due.heap.js';
import { TopicQueue } from './topic.queue.js';

/** Number of due times from which stale ones are removed. */
const COMPACT_AT = 4_096;

/**
 * The tasks that can be fetched, by topic, and the times at which locked tasks and pending retries become available.
 */
export class AvailableTasks {
  private readonly topics = new Map<string, TopicQueue>();
  /** Topic of each queued task. */
  private readonly queued = new Map<string, string>();
  private readonly due = new DueHeap();
  private compactedSize = 0;
  /** Topics with new tasks since the last {@link takeChangedTopics}. */
  private changedTopics = new Set<string>();

  /** @param find returns the current state of a task */
  constructor(
    private readonly find: (id: string) => ExternalTaskRecord | undefined,
    private readonly clock: () => number,
  ) {}

  /** Updates the state of a task; null: it was removed. */
  update(id: string, task: ExternalTaskRecord | null): void {
    if (task === null || task.suspended || task.retries === 0) {
      this.dequeue(id);
      return;
    }
    if (task.lockExpirationTime !== null && task.lockExpirationTime > this.clock()) {
      this.dequeue(id);
      this.due.push({ at: task.lockExpirationTime, id });
      if (this.due.size > 2 * this.compactedSize + COMPACT_AT) this.compactDue();
      return;
    }
    this.enqueue(task);
  }

  /** Ids of a topic's available tasks in the requested order. */
  *ids(topicName: string, usePriority: boolean): Generator<string> {
    const queue = this.topics.get(topicName);
    if (queue !== undefined) yield* usePriority ? queue.byPriority() : queue.byAge();
  }

  /** Makes the tasks available that are due. */
  promote(now: number): void {
    for (let next = this.due.peek(); next !== undefined && next.at <= now; next = this.due.peek()) {
      this.due.pop();
      const task = this.find(next.id);
      if (task !== undefined && holds(next, task)) this.enqueue(task);
    }
  }

  /** When the next task becomes available, in epoch milliseconds. */
  nextDue(): number | undefined {
    for (let next = this.due.peek(); next !== undefined; next = this.due.peek()) {
      if (this.isLive(next)) return next.at;
      this.due.pop();
    }
    return undefined;
  }

  /** Returns and clears the topics with new tasks since the last call. */
  takeChangedTopics(): ReadonlySet<string> {
    const { changedTopics: fresh } = this;
    if (fresh.size > 0) this.changedTopics = new Set();
    return fresh;
  }

  private enqueue(task: ExternalTaskRecord): void {
    const queue = this.topics.get(task.topicName) ?? new TopicQueue();
    this.topics.set(task.topicName, queue);
    queue.add(task.id, task.priority);
    this.queued.set(task.id, task.topicName);
    this.changedTopics.add(task.topicName);
  }

  private isLive(due: Due): boolean {
    const task = this.find(due.id);
    return task !== undefined && holds(due, task);
  }

  /** Removes stale due times: most locks end by a completion long before they expire. */
  private compactDue(): void {
    this.due.retain((due) => this.isLive(due));
    this.compactedSize = this.due.size;
  }

  private dequeue(id: string): void {
    const topicName = this.queued.get(id);
    if (topicName === undefined) return;
    this.queued.delete(id);
    const queue = this.topics.get(topicName);
    queue?.remove(id);
    if (queue?.size === 0) this.topics.delete(topicName);
  }
}

/** Whether a due time is still the one at which the task becomes available. */
function holds(due: Due, task: ExternalTaskRecord): boolean {
  return task.lockExpirationTime === due.at && task.retries !== 0 && !task.suspended;
}
