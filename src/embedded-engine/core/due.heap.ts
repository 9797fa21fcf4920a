/** A due time. */
export interface Due {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
}

/** A binary min-heap of due times. Stale entries stay in the heap; the caller of {@link pop} skips them. */
export class DueHeap {
  private entries: Due[] = [];

  get size(): number {
    return this.entries.length;
  }

  /** Returns the earliest entry without removing it. */
  peek(): Due | undefined {
    return this.entries[0];
  }

  push(due: Due): void {
    const { entries } = this;
    let at = entries.length;
    entries.push(due);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above];
      if (parent === undefined || parent.at <= due.at) break;
      entries[at] = parent;
      at = above;
    }
    entries[at] = due;
  }

  /** Removes and returns the earliest entry. */
  pop(): Due | undefined {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      const child = this.earlierChild(at);
      const below = entries[child];
      if (below === undefined || below.at >= last.at) break;
      entries[at] = below;
      at = child;
    }
    entries[at] = last;
    return first;
  }

  /** Removes the stale entries. */
  retain(holds: (due: Due) => boolean): void {
    // A sorted list is a heap.
    this.entries = this.entries.filter(holds).sort((a, b) => a.at - b.at);
  }

  private earlierChild(at: number): number {
    const left = 2 * at + 1;
    const a = this.entries[left];
    const b = this.entries[left + 1];
    return a !== undefined && b !== undefined && b.at < a.at ? left + 1 : left;
  }
}
