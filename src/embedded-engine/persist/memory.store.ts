import { type ChangeSet, type EngineStore, NOTHING_RECOVERED, type RecoveredState } from './engine-store.js';
import { MemoryHistory } from './memory.history.js';

/** Keeps nothing beyond the process: the engine's own memory is the state, and history lives beside it. */
export class MemoryStore implements EngineStore {
  readonly history: MemoryHistory;

  /**
   * @param remembered ended instances whose history is kept; the oldest go first
   * @param rememberedBytes what they may take
   */
  constructor(remembered?: number, rememberedBytes?: number) {
    this.history = new MemoryHistory(remembered, rememberedBytes);
  }

  recover(): RecoveredState {
    return NOTHING_RECOVERED;
  }

  commit(changes: ChangeSet): Promise<void> {
    this.history.apply(changes);
    return Promise.resolve();
  }

  note(changes: ChangeSet): Promise<void> {
    return this.commit(changes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
