import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { ProcessStoreService } from '../../process-store/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';

/** How often the awaited rows are read, in ms. */
const REFRESH_MS = 1_000;

/**
 * Reads the awaited rows every second, because a wake-up is only a hint: another instance may have written the outcome,
 * and a hint may be lost.
 */
@Injectable()
export class WaiterRefreshService implements OnApplicationBootstrap {
  private readonly task: PeriodicTask;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly outcomes: OutcomeWriter,
    shutdown: ShutdownService,
  ) {
    this.task = new PeriodicTask(
      { name: 'refresh of awaited processes', everyMs: REFRESH_MS, run: () => this.refresh() },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Wakes the waiters of every awaited process that has an outcome. */
  async refresh(): Promise<void> {
    const awaited = this.waits.awaitedIds();
    if (awaited.length === 0) return;
    for await (const records of this.store.findDecided(awaited)) {
      for (const record of records) this.outcomes.wake(record);
    }
  }
}
