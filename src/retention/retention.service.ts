import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { RETENTION_CONFIG, type RetentionConfig } from '../config/index.js';
import { WriteQueueService } from '../database/index.js';
import { EventArchiveRepository, type OldEvent } from '../event-log/index.js';
import { PeriodicTask, ShutdownService } from '../lifecycle/index.js';
import { ProcessMessageRepository } from '../process-message/index.js';
import { ProcessArchiveRepository } from '../process-store/index.js';
import { type WorkLease, WorkLeaseLostError, WorkLeaseService } from '../work-lease/index.js';
import { RetentionInterruptedError, RetentionPace } from './retention.pace.js';
import { RetentionRun, type RetentionTools, type Tally } from './retention.run.js';
import { RetentionWriter } from './retention.writer.js';

/** Interval of the runs, in ms. */
const EVERY_MS = 3_600_000;

/** Minimum delay of the first run after the boot, in ms; a random delay of up to the same is added, as instances boot together. */
const FIRST_AFTER_MS = 60_000;

/** Delay after a failed run, in ms. */
const RETRY_MS = 300_000;

const DAY_MS = 86_400_000;

/**
 * Moves final processes that are older than `RETENTION_DAYS`, and their events, to the archive, or deletes them.
 *
 * One instance at a time does it. A paused one that continues does no harm: each batch locks its rows and checks in the
 * same transaction that they are still old and final.
 */
@Injectable()
export class RetentionService implements OnApplicationBootstrap {
  private readonly logger = new Logger('Retention');
  private readonly task: PeriodicTask;
  private readonly tools: RetentionTools;
  private readonly lease: WorkLease;
  /** The place where the last run stopped its search for events without a process; null if it came to the end. */
  private orphansAfter: OldEvent | null = null;

  constructor(
    processes: ProcessArchiveRepository,
    messages: ProcessMessageRepository,
    events: EventArchiveRepository,
    queue: WriteQueueService,
    writer: RetentionWriter,
    pace: RetentionPace,
    @Inject(RETENTION_CONFIG) private readonly config: RetentionConfig,
    leases: WorkLeaseService,
    shutdown: ShutdownService,
  ) {
    this.lease = leases.of('retention');
    this.tools = { processes, messages, events, queue, writer, pace, lease: this.lease };
    this.task = new PeriodicTask(
      {
        name: 'retention',
        everyMs: EVERY_MS,
        firstAfterMs: FIRST_AFTER_MS * (1 + Math.random()),
        retryMs: RETRY_MS,
        run: () => this.run(),
      },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    const { days, mode } = this.config;
    if (days === null) return;
    this.logger.log({ msg: 'Retention is on.', days, mode });
    this.task.start();
  }

  /** Runs now, or waits for the current run; does nothing if `RETENTION_DAYS` is not set. */
  async runNow(): Promise<void> {
    if (this.config.days !== null) await this.task.runNow();
  }

  private async run(): Promise<void> {
    const { days, mode } = this.config;
    if (days === null || !(await this.lease.acquire())) return;
    const began = performance.now();
    const tally: Tally = { processes: 0, events: 0, batches: 0 };
    let interrupted = true;
    try {
      // The age of a row is that by the clock of the database, which has set its times.
      const before = new Date(this.tools.messages.now().getTime() - days * DAY_MS);
      const run = new RetentionRun(this.tools, before, tally);
      await run.removeMessages();
      if (await run.removeProcesses()) this.orphansAfter = await run.removeOrphans(this.orphansAfter);
      interrupted = false;
    } catch (error) {
      if (!(error instanceof RetentionInterruptedError || error instanceof WorkLeaseLostError)) throw error;
    } finally {
      // The next run may be that of another instance.
      await this.lease.release().catch(() => undefined);
      if (tally.batches > 0) {
        const msg = mode === 'archive' ? 'Old processes were archived.' : 'Old processes were deleted.';
        this.logger.log({ msg, ...tally, durationMs: Math.round(performance.now() - began), interrupted });
      }
    }
  }
}
