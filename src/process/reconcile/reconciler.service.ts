import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { backOffMs, EngineConnection, EngineCallError } from '../../camunda-engine/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  PROCESS_CONFIG,
  type ProcessConfig,
} from '../../config/index.js';
import { ClockWatch, PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import {
  type DueStart,
  isReplaceable,
  type ProcessRecord,
  ProcessStoreService,
} from '../../process-store/index.js';
import { LeaseOwner } from '../launch/lease-owner.js';
import { StartBacklogService } from '../launch/start-backlog.service.js';
import { type LaunchedVariables, StartLauncherService } from '../launch/start-launcher.service.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import { SurplusInstanceRemover } from '../outcome/surplus-instance.remover.js';
import { HistoryWatcherService } from './history-watcher.service.js';
import { type StartedInstance, InstanceFinderService } from './instance-finder.service.js';
import { ProcessTerminationService } from './process-termination.service.js';
import { StartCapacity } from './start-capacity.js';

/** How often the due rows are read, in ms. */
const ROUND_MS = 1_000;

/** First and longest delay before the engine is searched again for the instance of a start, in ms. */
const SEARCH_MIN_MS = 1_000;
const SEARCH_MAX_MS = 10_000;

/** The age at which a claim that could not be started expires, in ms. */
const CLAIM_MAX_AGE_MS = 24 * 3_600_000;

/**
 * Reconciles rows with the engine: starts without an answer, starts that wait for the engine, and unfinished cancels and
 * expiries.
 *
 * Only the holder of a row's lease acts on it. A round runs at boot, every second, and again at once while more rows are
 * due. At most `START_CONCURRENCY` rows are in progress, oldest first, and few with large variables
 * ({@link StartCapacity}).
 */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap {
  private readonly logger = new Logger('ProcessStart');
  private readonly running = new Map<string, Promise<void>>();
  private readonly capacity: StartCapacity;
  private readonly task: PeriodicTask;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engine: EngineConnection,
    private readonly instances: InstanceFinderService,
    private readonly surplus: SurplusInstanceRemover,
    private readonly launcher: StartLauncherService,
    private readonly termination: ProcessTerminationService,
    private readonly trail: ProcessTrailService,
    private readonly backlog: StartBacklogService,
    private readonly watcher: HistoryWatcherService,
    private readonly owner: LeaseOwner,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
    private readonly shutdown: ShutdownService,
    @Optional() clock?: ClockWatch,
  ) {
    this.capacity = new StartCapacity(config.startConcurrency);
    this.task = new PeriodicTask(
      {
        name: 'reconciliation of processes with the engine',
        everyMs: ROUND_MS,
        run: () => this.reconcile(),
        drain: async () => {
          await Promise.allSettled(this.running.values());
        },
      },
      shutdown,
    );
    clock?.onSet((byMs) => {
      void this.clockSet(byMs);
    });
    engine.onRecovered(() => {
      this.requestRound();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.shutdown.stopping) return;
    // An embedded engine ended with the earlier run, so nothing that was sent to it can still appear.
    const left = await this.store.voidLeasesOfEarlierRun(this.camunda.baseUrl === null);
    if (left > 0) this.logger.log({ msg: 'Starts of an earlier run are resolved.', starts: left });
    this.task.start();
  }

  /** Makes a round begin now, or directly after the round under way. */
  requestRound(): void {
    this.task.requestRound();
  }

  /** Times in the rows that the old clock set would fall due only when the new clock reaches them. */
  private async clockSet(byMs: number): Promise<void> {
    try {
      if (byMs < 0) await this.store.bringForward(this.config.startLeaseMs);
      this.requestRound();
    } catch (error) {
      this.logger.warn({
        msg: 'The due times could not be brought forward after the clock was set back.',
        err: error,
      });
    }
  }

  private async reconcile(): Promise<void> {
    await this.backlog.refresh();
    if (this.engine.isAway) {
      // One call probes the engine; if it answers, `onRecovered` requests a round.
      await this.engine.version().catch(() => undefined);
      return;
    }
    const { free } = this.capacity;
    if (free <= 0) return;
    const due = await this.store.starts.findDueStarts(this.config.startConcurrency);
    const idle = due.filter(({ correlationId }) => !this.isInProgress(correlationId));
    const selected = this.capacity.select(idle);
    const mayBeMore = due.length >= free || selected.length < idle.length;
    for (const start of selected) this.begin(start, mayBeMore);
  }

  private isInProgress(correlationId: string): boolean {
    return this.running.has(correlationId) || this.launcher.running(correlationId) !== undefined;
  }

  private begin(start: DueStart, mayBeMore: boolean): void {
    const { correlationId } = start;
    this.capacity.acquire(start);
    const resolution = this.resolve(correlationId).finally(() => {
      this.running.delete(correlationId);
      this.capacity.release(correlationId);
      if (mayBeMore) this.requestRound();
    });
    this.running.set(correlationId, resolution);
  }

  private async resolve(correlationId: string): Promise<void> {
    try {
      const record = await this.store.leaseStart(correlationId, this.owner.id, this.config.startLeaseMs);
      if (record !== null) await this.reconcileRow(record);
    } catch (error) {
      const msg = 'The reconciliation of a process failed; retrying.';
      this.logger.warn({ msg, correlationId, err: error });
    }
  }

  /** Reconciles a row whose lease is held, or schedules the next round for it. */
  private async reconcileRow(record: ProcessRecord): Promise<void> {
    try {
      let row: ProcessRecord | null = record;
      if (record.cancelRequestedAt !== null && isReplaceable(record)) {
        row = await this.termination.finishCancel(record);
      } else if (this.isTooOld(record)) {
        row = await this.termination.expire(record, 'The process could not be started for a day.');
      }
      // Another instance may have taken the lease meanwhile; the row has its lease then, and the rest is its work.
      if (row === null || !isUnderSameLease(row, record)) return;
      // The instance of an unresolved start may still appear after the outcome, and then has to be deleted.
      if (row.startNextAt !== null) await this.reconcileInstances(row, await this.instances.find(row));
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      this.logger.warn({
        msg: 'Could not query the engine about a process; retrying.',
        correlationId: record.correlationId,
        err: error,
      });
      await this.searchLater(record);
    }
  }

  private async reconcileInstances(record: ProcessRecord, found: readonly StartedInstance[]): Promise<void> {
    const [wanted, ...others] = sortedByRow(record, found);
    if (wanted === undefined) {
      await this.reconcileWithoutInstance(record);
      return;
    }
    const row = record.processInstanceId === null ? await this.adopt(record, wanted) : record;
    if (row === null) {
      // Without its claim no client knows the process.
      for (const { id, ended } of found) if (!ended) await this.surplus.remove(record, id);
      return;
    }
    if (row.processInstanceId === wanted.id) await this.logMissingStart(row, wanted.id);
    let isDone = true;
    for (const { id, ended } of [wanted, ...others]) {
      if (!ended && this.surplus.isSurplus(row, id)) isDone = (await this.surplus.remove(row, id)) && isDone;
    }
    if (!isDone) return;
    await this.store.resolveStart(record);
    // It may have ended long before the watcher's cursor.
    if (wanted.ended && isReplaceable(row)) this.watcher.trackEnd(row, wanted.id, wanted.state);
  }

  /**
   * Writes the instance into the row; the reconciliation continues until no surplus instance is left.
   *
   * @returns null if the claim is gone; the id may have another one
   */
  private async adopt(record: ProcessRecord, { id }: StartedInstance): Promise<ProcessRecord | null> {
    const { correlationId } = record;
    const result = await this.store.update(correlationId, (row) =>
      row.processInstanceId === null && row.claimId === record.claimId
        ? { change: { processInstanceId: id } }
        : { refuse: 'has one, or is another claim' },
    );
    if (result.kind === 'unknown' || result.record.claimId !== record.claimId) return null;
    if (result.kind === 'refused') return result.record;
    this.logger.log({ msg: 'Adopted a process instance.', correlationId, processInstanceId: id });
    return result.record;
  }

  /** A completion may have written the instance before a crash lost the event of the start. */
  private async logMissingStart(row: ProcessRecord, processInstanceId: string | null): Promise<void> {
    if (processInstanceId === null || (await this.trail.hasStart(row.correlationId))) return;
    await this.trail.log(row, {
      stepName: 'start',
      status: 'ok',
      result: 'Instance adopted',
      metadata: {
        processInstanceId,
        attempts: row.startAttempts,
        ...(row.owner === null ? {} : { owner: row.owner }),
      },
    });
  }

  private async reconcileWithoutInstance(record: ProcessRecord): Promise<void> {
    const { correlationId, startLastAttemptAt } = record;
    const settlesAt = (startLastAttemptAt?.getTime() ?? 0) + this.config.startSettleMs;
    const isSettled = startLastAttemptAt === null || settlesAt <= this.now;
    if (!isSettled) {
      await this.searchLater(record, settlesAt - this.now);
      return;
    }
    // No instance exists, and none can appear any more.
    if (record.status !== 'pending' || record.processInstanceId !== null) {
      await this.logMissingStart(record, record.processInstanceId);
      if ((await this.store.resolveStart(record, this.config.startSettleMs)) === null)
        await this.searchLater(record);
      return;
    }
    // Read only now, so that at most START_CONCURRENCY variables of a backlog are in memory.
    const variables = await this.store.starts.findVariables(correlationId);
    const leasedAt = performance.now();
    const attempt = await this.store.beginStartAttempt({
      lease: record,
      leaseMs: this.config.startLeaseMs,
      settleMs: this.config.startSettleMs,
    });
    if (attempt === null) await this.searchLater(record);
    else await this.launcher.launch(attempt, parsedVariables(variables ?? '{}'), leasedAt);
  }

  private async searchLater(record: ProcessRecord, atMostMs = SEARCH_MAX_MS): Promise<void> {
    const { startLastAttemptAt, startedAt } = record;
    const since = this.now - (startLastAttemptAt ?? startedAt).getTime();
    const searches = Math.max(1, Math.ceil(Math.log2(Math.max(since, 1) / SEARCH_MIN_MS + 1)));
    const nextInMs = Math.max(0, Math.min(backOffMs(searches, SEARCH_MIN_MS, SEARCH_MAX_MS), atMostMs));
    await this.store.rescheduleStart({ lease: record, nextInMs, attempt: 'unchanged' });
  }

  /** By the clock of the database, which has set the times of the row. */
  private get now(): number {
    return this.store.now().getTime();
  }

  private isTooOld({ status, processInstanceId, startedAt }: ProcessRecord): boolean {
    return (
      status === 'pending' && processInstanceId === null && this.now - startedAt.getTime() > CLAIM_MAX_AGE_MS
    );
  }
}

/** True if the lease of a row is still the one under which it was read before. */
function isUnderSameLease(row: ProcessRecord, before: ProcessRecord): boolean {
  return (
    row.claimId === before.claimId &&
    row.startOwner === before.startOwner &&
    row.startFence === before.startFence
  );
}

function parsedVariables(json: string): LaunchedVariables {
  return { values: JSON.parse(json) as Record<string, unknown>, length: json.length };
}

/** Puts the row's instance first; without one the oldest is first. */
function sortedByRow(record: ProcessRecord, found: readonly StartedInstance[]): readonly StartedInstance[] {
  const own = found.find(({ id }) => id === record.processInstanceId);
  return own === undefined ? found : [own, ...found.filter((each) => each !== own)];
}
