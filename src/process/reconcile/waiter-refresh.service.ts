import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { ProcessStoreService } from '../../process-store/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';

/** How often the table is asked for the processes that somebody waits for, in ms. */
const LOOK_MS = 1_000;

/**
 * Looks every second at the rows that somebody waits for here, because wake-ups are hints: another instance may have
 * written the outcome, and a hint may be lost.
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
      { name: 'look at awaited processes', everyMs: LOOK_MS, run: () => this.look() },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Wakes the waiters of every process whose row is decided. */
  async look(): Promise<void> {
    const awaited = this.waits.awaitedIds();
    if (awaited.length === 0) return;
    for await (const records of this.store.findDecided(awaited)) {
      for (const record of records) this.outcomes.wake(record);
    }
  }
}
