import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EngineInstancesClient, EngineHistoryClient } from '../../camunda-engine/index.js';
import { isCorrelationId } from '../../common/identifiers/index.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import {
  isFinal,
  type ProcessHead,
  type ProcessIdentity,
  ProcessStoreService,
} from '../../process-store/index.js';
import { type WorkLease, WorkLeaseService } from '../../work-lease/index.js';
import { SeenProcessKeysService } from '../launch/seen-process-keys.service.js';
import { SurplusInstanceRemover } from '../outcome/surplus-instance.remover.js';
import { HistoryWatcherService } from './history-watcher.service.js';

/** How often all open rows are compared, in ms; the first time at boot. */
const SWEEP_MS = 600_000;

/** When a failed sweep is retried, in ms: the engine may be away at boot. */
const RETRY_MS = 5_000;

const PAGE_SIZE = 500;

/**
 * Compares all open rows with the engine, and its running instances with the rows: at boot and every 10 minutes. This
 * finds what the history watcher cannot see in single events.
 *
 * One instance does it for all. A paused one that continues does no harm: it deletes only instances that are surplus by
 * facts of their row that never change, and an end is written by a compare-and-set.
 */
@Injectable()
export class ProcessSweepService implements OnApplicationBootstrap {
  private readonly task: PeriodicTask;
  private readonly lease: WorkLease;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engineInstances: EngineInstancesClient,
    private readonly engineHistory: EngineHistoryClient,
    private readonly watcher: HistoryWatcherService,
    private readonly keys: SeenProcessKeysService,
    private readonly surplus: SurplusInstanceRemover,
    leases: WorkLeaseService,
    shutdown: ShutdownService,
  ) {
    this.lease = leases.of('engine-watch');
    this.task = new PeriodicTask(
      { name: 'sweep of open processes', everyMs: SWEEP_MS, retryMs: RETRY_MS, run: () => this.sweep() },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    // The instance that held the lease before may have missed events, and the watcher begins at the latest one.
    this.lease.onGained(() => {
      this.task.requestRound();
    });
    this.task.start();
  }

  /** Runs a sweep now. */
  sweepNow(): Promise<void> {
    return this.task.runNow();
  }

  private async sweep(): Promise<void> {
    if (!(await this.lease.acquire())) return;
    const keys = await this.store.table.replaceableKeys();
    for (const key of keys) this.keys.add(key);
    // First, so that no end falls between the comparison and the first query of the watcher.
    if (keys.length > 0) await this.watcher.placeCursor(this.keys.all());
    await this.compareRows();
    await this.compareInstances();
  }

  /** Finds open rows whose instance has ended or is no longer in the engine. */
  private async compareRows(): Promise<void> {
    const before = this.store.now();
    let after: ProcessIdentity | null = null;
    for (;;) {
      await this.lease.assertHeld();
      const rows: readonly ProcessIdentity[] = await this.store.table.findReplaceableBefore(
        before,
        after,
        PAGE_SIZE,
      );
      const byInstance = new Map<string, ProcessIdentity>();
      for (const row of rows) if (row.processInstanceId !== null) byInstance.set(row.processInstanceId, row);
      if (byInstance.size > 0) await this.compareWithHistory(byInstance);
      after = rows.at(-1) ?? null;
      if (rows.length < PAGE_SIZE) return;
    }
  }

  private async compareWithHistory(rows: ReadonlyMap<string, ProcessIdentity>): Promise<void> {
    const known = await this.engineHistory.findHistoricInstances([...rows.keys()]);
    const missing = new Set(rows.keys());
    for (const { id, endTime, state } of known) {
      missing.delete(id);
      const row = rows.get(id);
      if (row !== undefined && (endTime ?? null) !== null) this.watcher.trackEnd(row, id, state);
    }
    for (const id of missing) {
      // Its history may have been cleaned up; an instance is gone only if runtime does not have it either.
      const row = rows.get(id);
      if (row !== undefined && (await this.engineInstances.getProcessInstance(id)) === null) {
        this.watcher.trackEnd(row, id, 'COMPLETED');
      }
    }
  }

  /** Deletes running instances that are surplus to their row. */
  private async compareInstances(): Promise<void> {
    const processKeys = this.keys.all();
    if (processKeys.length === 0) return;
    for (let firstResult = 0; ;) {
      await this.lease.assertHeld();
      const page = await this.engineInstances.findRunningInstances({
        processKeys,
        firstResult,
        maxResults: PAGE_SIZE,
      });
      const ids = page.map(({ businessKey }) => businessKey ?? '').filter(isCorrelationId);
      const rows = new Map<string, ProcessHead>();
      for (const row of await this.store.table.findByIds(ids)) rows.set(row.correlationId, row);
      let removed = 0;
      for (const { id, businessKey } of page) {
        const row = rows.get(businessKey ?? '');
        if (row !== undefined && (await this.isSurplus(row, id)) && (await this.surplus.remove(row, id)))
          removed += 1;
      }
      if (page.length < PAGE_SIZE) return;
      // The deleted instances no longer precede the next page.
      firstResult += PAGE_SIZE - removed;
    }
  }

  private async isSurplus(row: ProcessHead, processInstanceId: string): Promise<boolean> {
    // The reconciler handles unresolved starts and unfinished cancels.
    if (row.startNextAt !== null || row.requestHash === null) return false;
    if (row.processInstanceId === processInstanceId) {
      return isFinal(row) && this.surplus.isSurplus(row, processInstanceId);
    }
    if (!this.surplus.isSurplus(row, processInstanceId)) return false;
    const variables = await this.engineHistory.getHistoricVariables(processInstanceId);
    return variables.traceability_id === row.traceabilityId;
  }
}
