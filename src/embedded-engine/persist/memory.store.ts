import type { ChangeSet, EngineStore, RecoveredState } from './engine-store.js';
import { MemoryHistory } from './memory.history.js';

/** Keeps nothing beyond the process: the engine's own memory is the state, and history lives beside it. */
export class MemoryStore implements EngineStore {
  readonly history: MemoryHistory;

  /** @param remembered ended instances whose history is kept; the oldest go first */
  constructor(remembered?: number) {
    this.history = new MemoryHistory(remembered);
  }

  recover(): RecoveredState {
    return { deployments: [], instances: [], tasks: [], incidents: [] };
  }

  commit(changes: ChangeSet): Promise<void> {
    this.history.apply(changes);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
