import { Inject, Injectable } from '@nestjs/common';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { ProcessStoreService } from '../../process-store/index.js';

/** How many starts wait for the engine, against `START_BACKLOG_MAX`. */
@Injectable()
export class StartBacklogService {
  private count = 0;
  /** Only of definitions that exist, so clients cannot make it grow. */
  private readonly suspended = new Set<string>();

  constructor(
    private readonly store: ProcessStoreService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /** Starts that wait, as counted last. */
  get size(): number {
    return this.count;
  }

  /** Keys of definitions that are suspended in the engine, as the last start of each was told. */
  get suspendedKeys(): readonly string[] {
    return [...this.suspended];
  }

  /** Takes note that the engine starts nothing of a definition; false if that was known. */
  noteSuspended(processKey: string): boolean {
    const isNews = !this.suspended.has(processKey);
    this.suspended.add(processKey);
    return isNews;
  }

  /** Takes note that the engine has started one of a definition; true if it was suspended before. */
  noteActive(processKey: string): boolean {
    return this.suspended.delete(processKey);
  }

  /** True where no further start is accepted. */
  get isFull(): boolean {
    return this.count >= this.config.startBacklogMax;
  }

  /** Counts a start that is kept, until the table is counted again. */
  add(): void {
    this.count += 1;
  }

  /** Counts the table anew; a start waits for the engine once it has not been answered for `START_ACK_TIMEOUT_MS`. */
  async refresh(): Promise<void> {
    const claimedBefore = new Date(Date.now() - this.config.startAckTimeoutMs);
    this.count = await this.store.countUnresolvedStarts(claimedBefore);
  }
}
