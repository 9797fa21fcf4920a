import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Bytes of randomness of one id. */
const ID_BYTES = 16;

/** Ids whose randomness is drawn at a time; asking the system for each one costs more than the rest of its making. */
const POOLED_IDS = 256;

/** Makes ids of UUID version 7, which begin with the time, so that an index grows at its end. */
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
