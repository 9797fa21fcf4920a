import type { ChangeSet } from '../state/change-set.js';
import { type StateStore, NOTHING_RECOVERED, type RecoveredState } from '../state/state-store.js';
import { MemoryHistory } from '../history/memory.history.js';

/** A store in memory: the engine's state is not stored elsewhere; history is kept beside it. */
export class MemoryStore implements StateStore {
  readonly history: MemoryHistory;

  /**
   * @param maxEnded number of ended instances whose history is kept; the oldest are removed first
   * @param maxEndedBytes memory limit of their histories
   */
  constructor(maxEnded?: number, maxEndedBytes?: number) {
    this.history = new MemoryHistory(maxEnded, maxEndedBytes);
  }

  recover(): RecoveredState {
    return NOTHING_RECOVERED;
  }

  commit(changes: ChangeSet): Promise<void> {
    this.history.apply(changes);
    return Promise.resolve();
  }

  commitDeferrable(changes: ChangeSet): Promise<void> {
    return this.commit(changes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
