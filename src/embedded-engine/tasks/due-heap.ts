/** What a {@link DueHeap} holds; the heap keeps the index, so that an entry is removed in O(log n). */
export interface DueEntry {
  /** Epoch milliseconds. */
  due: number;
  /** Position in the heap; -1: not in it. */
  heapIndex: number;
}

/** A binary heap by due date. */
export class DueHeap<T extends DueEntry> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  peek(): T | undefined {
    return this.entries[0];
  }

  add(entry: T, due: number): void {
    entry.due = due;
    this.entries.push(entry);
    this.rise(this.entries.length - 1, entry);
  }

  /** Takes an entry out; one that is not in the heap is nothing to do. */
  remove(entry: T): void {
    const index = entry.heapIndex;
    if (index < 0) return;
    entry.heapIndex = -1;
    const last = this.entries.pop();
    if (last === undefined || last === entry) return;
    this.rise(index, last);
    this.sink(last.heapIndex, last);
  }

  private rise(from: number, entry: T): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = this.entries[parentIndex];
      if (parent === undefined || parent.due <= entry.due) break;
      this.place(index, parent);
      index = parentIndex;
    }
    this.place(index, entry);
  }

  private sink(from: number, entry: T): void {
    let index = from;
    for (;;) {
      const left = this.entries[2 * index + 1];
      const right = this.entries[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.due < left.due ? right : left;
      if (child === undefined || child.due >= entry.due) break;
      const childIndex = child.heapIndex;
      this.place(index, child);
      index = childIndex;
    }
    this.place(index, entry);
  }

  private place(index: number, entry: T): void {
    this.entries[index] = entry;
    entry.heapIndex = index;
  }
}
