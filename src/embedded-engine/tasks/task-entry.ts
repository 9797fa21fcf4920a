import type { ExternalTaskRecord } from '../persist/records.types.js';
import type { DueEntry } from './due-heap.js';

/** A task in the registry: its record of the moment and where it stands. */
export class TaskEntry implements DueEntry {
  due = 0;
  heapIndex = -1;
  /** The priority under which it is queued; null: it is in no queue. */
  queuedPriority: number | null = null;

  constructor(
    /** Order of creation. */
    readonly seq: number,
    public record: ExternalTaskRecord,
  ) {}
}

/** How a fetch walks its tasks. */
export interface FetchOrder {
  /** Highest priority first. */
  readonly usePriority: boolean;
  readonly newestFirst: boolean;
}

/** Whether `left` is handed out before `right`. */
export function comesBefore(left: TaskEntry, right: TaskEntry, order: FetchOrder): boolean {
  if (order.usePriority && left.record.priority !== right.record.priority) {
    return left.record.priority > right.record.priority;
  }
  return order.newestFirst ? left.seq > right.seq : left.seq < right.seq;
}

/** Merges ordered sequences into one of the same order; reads no further than it is asked. */
export function* mergeOrdered(
  sources: readonly Iterator<TaskEntry>[],
  order: FetchOrder,
): Generator<TaskEntry> {
  const heads = sources.flatMap((source) => {
    const entry = nextOf(source);
    return entry === undefined ? [] : [{ source, entry }];
  });
  while (heads.length > 0) {
    const best = heads.reduce((first, head) => (comesBefore(head.entry, first.entry, order) ? head : first));
    yield best.entry;
    const next = nextOf(best.source);
    if (next === undefined) heads.splice(heads.indexOf(best), 1);
    else best.entry = next;
  }
}

function nextOf(source: Iterator<TaskEntry>): TaskEntry | undefined {
  const { value, done } = source.next() as IteratorResult<TaskEntry, undefined>;
  return done === true ? undefined : value;
}
