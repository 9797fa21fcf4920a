import type { DueStart } from '../../process-store/index.js';

/** Variables up to this size take no room. */
const SMALL_BYTES = 16_384;

/** What the variables of the others may take together. */
const MAX_BYTES = 1_048_576;

/**
 * Which stored starts may be at work at the same time: at most a number of them, and of those over 16 KiB no more than
 * 1 MiB of variables together, or one that is larger.
 *
 * Each start parses its variables and hands them to the engine on the event loop: without this, 16 starts of 1 MB at a
 * boot hold up everybody else's requests for seconds.
 */
export class StartCapacity {
  private readonly atWork = new Map<string, number>();
  private bytes = 0;

  /** @param maxCount starts at work at the same time, of any size */
  constructor(private readonly maxCount: number) {}

  /** How many more starts may begin. */
  get free(): number {
    return this.maxCount - this.atWork.size;
  }

  /**
   * Those that may begin now, in the order given. Behind the first large one that has to wait only small ones begin, so
   * that it comes next.
   */
  choose(due: readonly DueStart[]): readonly DueStart[] {
    const chosen: DueStart[] = [];
    let bytes = this.bytes;
    let isFull = false;
    for (const start of due) {
      if (chosen.length >= this.free) break;
      const taken = bytesOf(start);
      isFull ||= taken > 0 && bytes > 0 && bytes + taken > MAX_BYTES;
      if (isFull && taken > 0) continue;
      bytes += taken;
      chosen.push(start);
    }
    return chosen;
  }

  enter(start: DueStart): void {
    this.atWork.set(start.correlationId, bytesOf(start));
    this.bytes += bytesOf(start);
  }

  leave(correlationId: string): void {
    this.bytes -= this.atWork.get(correlationId) ?? 0;
    this.atWork.delete(correlationId);
  }
}

function bytesOf({ bytes }: DueStart): number {
  return bytes <= SMALL_BYTES ? 0 : bytes;
}
