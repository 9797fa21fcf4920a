import type { DueStart } from '../../process-store/index.js';

/** Variables up to this size do not count. */
const SMALL_BYTES = 16_384;

/** Upper bound of the counted variables together. */
const MAX_BYTES = 1_048_576;

/**
 * Limits the stored starts that run at the same time: by number, and those with more than 16 KiB of variables to 1 MiB
 * together, or to a single one that is larger.
 *
 * Each start parses its variables and sends them on the event loop. Without this limit, 16 starts of 1 MB at a boot block
 * all other requests for seconds.
 */
export class StartCapacity {
  private readonly running = new Map<string, number>();
  private bytes = 0;

  /** @param maxCount starts that run at the same time, of any size */
  constructor(private readonly maxCount: number) {}

  /** Number of starts that may still begin. */
  get free(): number {
    return this.maxCount - this.running.size;
  }

  /**
   * Returns the starts that may begin now, in the given order. After the first large start that has to wait, only small
   * starts may begin, so that the large one is next.
   */
  select(due: readonly DueStart[]): readonly DueStart[] {
    const selected: DueStart[] = [];
    let bytes = this.bytes;
    let isFull = false;
    for (const start of due) {
      if (selected.length >= this.free) break;
      const taken = bytesOf(start);
      isFull ||= taken > 0 && bytes > 0 && bytes + taken > MAX_BYTES;
      if (isFull && taken > 0) continue;
      bytes += taken;
      selected.push(start);
    }
    return selected;
  }

  acquire(start: DueStart): void {
    this.running.set(start.correlationId, bytesOf(start));
    this.bytes += bytesOf(start);
  }

  release(correlationId: string): void {
    this.bytes -= this.running.get(correlationId) ?? 0;
    this.running.delete(correlationId);
  }
}

function bytesOf({ bytes }: DueStart): number {
  return bytes <= SMALL_BYTES ? 0 : bytes;
}
