import { OrderedList } from './ordered-list.js';
import { type FetchOrder, mergeOrdered, type TaskEntry } from './task-entry.js';

/** The tasks of one topic that may be fetched now: by priority, then in the order of their creation. */
export class TopicQueue {
  private readonly byPriority = new Map<number, OrderedList<TaskEntry>>();

  get isEmpty(): boolean {
    return this.byPriority.size === 0;
  }

  add(entry: TaskEntry): void {
    const { priority } = entry.record;
    let list = this.byPriority.get(priority);
    if (list === undefined) {
      list = new OrderedList();
      this.byPriority.set(priority, list);
    }
    list.insert(entry);
    entry.queuedPriority = priority;
  }

  remove(entry: TaskEntry): void {
    if (entry.queuedPriority === null) return;
    const list = this.byPriority.get(entry.queuedPriority);
    list?.remove(entry);
    if (list?.size === 0) this.byPriority.delete(entry.queuedPriority);
    entry.queuedPriority = null;
  }

  /** Walks the tasks in the order asked; the queue must not change meanwhile. */
  walk(order: FetchOrder): Generator<TaskEntry> {
    const lists = [...this.byPriority.values()];
    return mergeOrdered(
      lists.map((list) => (order.newestFirst ? list.descending() : list.ascending())),
      order,
    );
  }
}
