import { Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { ShutdownService } from '../../lifecycle/index.js';
import { isFinal, type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import { type OutcomeHint, WakeUpsService } from '../../wake-ups/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';
import { AdaptiveRounds } from '../waiting/adaptive-rounds.js';

/** How often the awaited rows are read, in ms, while hints of other instances arrive, or there is no other instance. */
const CONNECTED = { minMs: 1_000, maxMs: 1_000 };

/** The same without hints: at most ten queries a second for each 1 000 awaited ids, and one a second for old waiters. */
const POLLING = { minMs: 100, maxMs: 1_000 };

/**
 * Wakes the waiters of processes that another instance has ended: at once after its hint, and by reading all awaited rows
 * again and again, because a hint may be lost. A hint is not trusted: the row decides.
 */
@Injectable()
export class WaiterRefreshService implements OnApplicationBootstrap {
  private readonly logger = new Logger('WaiterRefresh');
  private readonly rounds: AdaptiveRounds;
  /** Awaited ids of hints whose rows are not read yet. */
  private readonly hinted = new Set<string>();
  private reading: Promise<void> | null = null;
  private isFailing = false;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly outcomes: OutcomeWriter,
    shutdown: ShutdownService,
    @Optional() private readonly wakeUps?: WakeUpsService,
  ) {
    const isAlone = store.isExclusive;
    this.rounds = new AdaptiveRounds(
      () => (isAlone || wakeUps?.isConnected === true ? CONNECTED : POLLING),
      () => this.attempt(() => this.refresh()),
      () => waits.awaitedIds().length === 0,
    );
    store.onOutcome(({ correlationId, version }) => {
      wakeUps?.publishOutcome(correlationId, version);
    });
    shutdown.register('drain', 'refresh of awaited processes', async () => {
      await this.rounds.stop();
      await this.reading;
    });
  }

  onApplicationBootstrap(): void {
    this.waits.onWait(() => {
      this.rounds.added();
    });
    this.wakeUps?.onAway(() => {
      this.rounds.added();
    });
    this.wakeUps?.onOutcomes((hints) => {
      this.noteHints(hints);
    });
  }

  /** Wakes the waiters of every awaited process that has an outcome. */
  async refresh(): Promise<void> {
    const awaited = this.waits.awaitedIds();
    if (awaited.length > 0) await this.wakeAll(this.store.findDecided(awaited));
  }

  private noteHints(hints: readonly OutcomeHint[]): void {
    for (const [correlationId, version] of hints) {
      this.store.noteVersion(correlationId, version);
      if (!this.waits.isAwaited(correlationId)) continue;
      const held = this.store.peekCurrent(correlationId);
      // A status request may have read the outcome before; that has woken no waiter.
      if (held !== null && isFinal(held) && held.version >= version) this.outcomes.wake(held);
      else this.hinted.add(correlationId);
    }
    if (this.hinted.size > 0)
      this.reading ??= this.readHinted().finally(() => {
        this.reading = null;
      });
  }

  /** Hints that arrive during a query share the next one. Only awaited ids are here, so that their number is bounded. */
  private async readHinted(): Promise<void> {
    while (this.hinted.size > 0) {
      const correlationIds = [...this.hinted];
      this.hinted.clear();
      await this.attempt(() => this.wakeAll(this.store.readDecided(correlationIds)));
    }
  }

  private async wakeAll(pages: AsyncGenerator<readonly ProcessRecord[]>): Promise<void> {
    for await (const records of pages) for (const record of records) this.outcomes.wake(record);
  }

  /** A long outage of the database is logged once. */
  private async attempt(read: () => Promise<void>): Promise<void> {
    try {
      await read();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.logger.warn({ msg: 'The awaited processes could not be read; retrying.', err: error });
      this.isFailing = true;
    }
  }
}
