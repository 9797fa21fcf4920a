import { Inject, Injectable } from '@nestjs/common';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { ProcessStoreService } from '../../process-store/index.js';

/** How many starts wait for the engine, against `START_BACKLOG_MAX`. */
@Injectable()
export class StartBacklog {
  private count = 0;

  constructor(
    private readonly store: ProcessStoreService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /** Starts that wait, as counted last. */
  get size(): number {
    return this.count;
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
