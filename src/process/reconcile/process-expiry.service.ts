import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { EngineCallError } from '../../camunda-engine/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { type ProcessIdentity, ProcessStoreService } from '../../process-store/index.js';
import { type WorkLease, WorkLeaseService } from '../../work-lease/index.js';
import { ProcessTerminationService } from './process-termination.service.js';

/** How often expired processes are searched for, in ms. */
const EXPIRY_MS = 5_000;

const PAGE_SIZE = 100;

/** Ends processes that run longer than their limit: `maxDurationMs` of their definition, else `PROCESS_MAX_DURATION_MS`. */
@Injectable()
export class ProcessExpiryService implements OnApplicationBootstrap {
  private readonly logger = new Logger('ProcessExpiry');
  private readonly task: PeriodicTask;
  private readonly lease: WorkLease;
  private readonly limits: ReadonlyMap<string | null, number>;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly termination: ProcessTerminationService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(PROCESS_DEFINITIONS) definitions: readonly ProcessDefinition[],
    leases: WorkLeaseService,
    shutdown: ShutdownService,
  ) {
    this.lease = leases.of('engine-watch');
    this.limits = new Map(
      definitions.flatMap(({ key, maxDurationMs }) =>
        maxDurationMs === undefined ? [] : [[key, maxDurationMs]],
      ),
    );
    this.task = new PeriodicTask(
      { name: 'search for expired processes', everyMs: EXPIRY_MS, run: () => this.expire() },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    const isNeeded = this.limits.size > 0 || this.config.maxDurationMs !== null;
    if (isNeeded) this.task.start();
  }

  /** Runs a round now. */
  expireNow(): Promise<void> {
    return this.task.runNow();
  }

  private async expire(): Promise<void> {
    if (!(await this.lease.acquire())) return;
    const shortest = Math.min(...this.limits.values(), this.config.maxDurationMs ?? Infinity);
    const before = new Date(this.store.now().getTime() - shortest);
    let after: ProcessIdentity | null = null;
    for (;;) {
      const rows: readonly ProcessIdentity[] = await this.store.table.findReplaceableBefore(
        before,
        after,
        PAGE_SIZE,
      );
      for (const row of rows) {
        await this.lease.assertHeld();
        await this.expireIfDue(row);
      }
      after = rows.at(-1) ?? null;
      if (rows.length < PAGE_SIZE) return;
    }
  }

  private async expireIfDue(row: ProcessIdentity): Promise<void> {
    const limitMs = this.limits.get(row.processKey) ?? this.config.maxDurationMs;
    if (limitMs === null || this.store.now().getTime() - row.startedAt.getTime() < limitMs) return;
    try {
      await this.termination.expire(row, `The process has run longer than ${limitMs} ms.`);
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      this.logger.warn({
        msg: 'Could not delete the instance of an expired process; retrying.',
        correlationId: row.correlationId,
        err: error,
      });
    }
  }
}
