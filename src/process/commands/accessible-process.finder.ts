import { Injectable } from '@nestjs/common';
import type { ProcessAccess } from '../../auth/index.js';
import { type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';

/** Finds the processes on which a caller may act. */
@Injectable()
export class AccessibleProcessFinder {
  constructor(private readonly store: ProcessStoreService) {}

  /**
   * The row of a process; null if the id is unknown or the caller may not act on the process.
   *
   * The two take the same time: for a caller with restrictions both are one read of two short columns, whatever the Map
   * holds and however large the result is.
   *
   * @throws DatabaseUnavailableError
   */
  async find(correlationId: string, access: ProcessAccess): Promise<ProcessRecord | null> {
    if (access.isAll) return this.store.get(correlationId);
    const held = this.store.peekCurrent(correlationId);
    if (held !== null && access.allows(held)) return held;
    const owned = await this.store.table.findOwnership(correlationId);
    if (owned === null || !access.allows(owned)) return null;
    const record = await this.store.get(correlationId);
    return record !== null && access.allows(record) ? record : null;
  }
}
