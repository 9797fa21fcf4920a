import { Inject, Injectable } from '@nestjs/common';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { ProcessStoreService } from '../../process-store/index.js';

/** Counts the starts that wait for the engine; no start is accepted beyond `START_BACKLOG_MAX`. */
@Injectable()
export class StartBacklogService {
  private count = 0;
  /** Holds only keys of existing definitions, so clients cannot make it grow. */
  private readonly suspended = new Set<string>();

  constructor(
    private readonly store: ProcessStoreService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /** Waiting starts at the last count. */
  get size(): number {
    return this.count;
  }

  /** Keys of definitions that were suspended in the engine at their last start. */
  get suspendedKeys(): readonly string[] {
    return [...this.suspended];
  }

  /** The engine refuses starts of a suspended definition; false if it was known to be suspended. */
  markSuspended(processKey: string): boolean {
    const isNew = !this.suspended.has(processKey);
    this.suspended.add(processKey);
    return isNew;
  }

  /** The engine has started an instance of a definition; true if it was known to be suspended. */
  markActive(processKey: string): boolean {
    return this.suspended.delete(processKey);
  }

  /** True if no further start is accepted. */
  get isFull(): boolean {
    return this.count >= this.config.startBacklogMax;
  }

  /** Adds a kept start to the count until the next {@link refresh}. */
  increment(): void {
    this.count += 1;
  }

  /** Counts the rows again. A start counts once the engine has not answered it for `START_ACK_TIMEOUT_MS`. */
  async refresh(): Promise<void> {
    const claimedBefore = new Date(this.store.now().getTime() - this.config.startAckTimeoutMs);
    this.count = await this.store.starts.countUnresolvedStarts(claimedBefore);
  }
}
