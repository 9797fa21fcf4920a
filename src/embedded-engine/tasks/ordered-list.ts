/** Entries per block: a splice within a block stays cheap, and 100 000 entries are some hundred blocks. */
const BLOCK_SIZE = 256;

/**
 * Entries in ascending order of `seq`: cheap at the end (new tasks), at the start (fetched tasks), and O(log n) to find
 * anywhere else (tasks that come back after a lock or retry).
 */
export class OrderedList<T extends { readonly seq: number }> {
  private readonly blocks: T[][] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  insert(entry: T): void {
    this.count += 1;
    const index = Math.min(this.blockIndexOf(entry.seq), this.blocks.length - 1);
    const block = this.blocks[index];
    if (block === undefined) {
      this.blocks.push([entry]);
      return;
    }
    block.splice(positionOf(block, entry.seq), 0, entry);
    if (block.length > BLOCK_SIZE) this.blocks.splice(index + 1, 0, block.splice(BLOCK_SIZE / 2));
  }

  remove(entry: T): void {
    const index = this.blockIndexOf(entry.seq);
    const block = this.blocks[index];
    const position = block === undefined ? -1 : positionOf(block, entry.seq);
    if (block?.[position] !== entry) return;
    this.count -= 1;
    block.splice(position, 1);
    if (block.length === 0) this.blocks.splice(index, 1);
  }

  *ascending(): Generator<T> {
    for (const block of this.blocks) yield* block;
  }

  *descending(): Generator<T> {
    for (const block of this.blocks.toReversed()) yield* block.toReversed();
  }

  /** Index of the first block whose last entry is not before `seq`; the number of blocks when there is none. */
  private blockIndexOf(seq: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.blocks[middle]?.at(-1)?.seq ?? Infinity) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first entry that is not before `seq`. */
function positionOf(block: readonly { readonly seq: number }[], seq: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
