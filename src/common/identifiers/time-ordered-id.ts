import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes per id. */
const ID_BYTES = 16;

/** Ids per call of the system's random generator; a call for each id would cost more than the rest of its creation. */
const POOLED_IDS = 256;

/** Creates UUIDs of version 7, which begin with the time, so that an index grows at its end. */
export class TimeOrderedIds {
  private readonly pool = Buffer.alloc(ID_BYTES * POOLED_IDS);
  private next = this.pool.length;

  create(): string {
    if (this.next === this.pool.length) {
      randomFillSync(this.pool);
      this.next = 0;
    }
    const random = this.pool.subarray(this.next, this.next + ID_BYTES);
    this.next += ID_BYTES;
    return v7({ random });
  }
}
