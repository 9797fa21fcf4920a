import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import {
  EngineCallError,
  EngineInstancesClient,
  EngineHistoryClient,
  type HistoricInstance,
  type Incident,
  toEngineDate,
} from '../../camunda-engine/index.js';
import { isCorrelationId } from '../../common/identifiers/index.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { isReplaceable, type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { type WorkLease, WorkLeaseService } from '../../work-lease/index.js';
import { SeenProcessKeysService } from '../launch/seen-process-keys.service.js';
import { InstanceResultService } from '../result/instance-result.service.js';
import { EndDescriptionService } from './end-description.service.js';
import { EndedInstanceService } from './ended-instance.service.js';
import { ProcessTerminationService } from './process-termination.service.js';
import { pagesByTime } from './time.pages.js';

/** How often the engine is asked for ends and incidents, in ms; only while a row is open. */
const WATCH_MS = 5_000;

/** How long an outcome may arrive after the end of its instance, in ms. */
const GRACE_MS = 5_000;

/** How far before its cursor a query begins, in ms: a transaction may commit later than its timestamp. */
const OVERLAP_MS = 2_000;

/** The same after a failed query, and for the first query with a new process key. */
const LONG_OVERLAP_MS = 60_000;

/**
 * Failed rounds in succession after which the work is left to other instances, which may have another way to the engine;
 * and for how long, in ms: each of them asks for it every 5 s.
 */
const FAILED_ROUNDS = 6;
const LEFT_MS = 15_000;

/** Rows of one read. */
const PAGE_SIZE = 500;

/** Ended instances whose results are read at the same time. */
const SETTLED_AT_ONCE = 20;

/** An ended instance of an open row, and when its grace period ends. */
interface TrackedEnd {
  readonly correlationId: string;
  readonly processInstanceId: string;
  readonly state: HistoricInstance['state'];
  /** When it is settled, on the monotonic clock in ms. */
  dueAt: number;
  /** When no worker of this service reports the end any more. */
  readonly graceEndsAt: number;
}

/**
 * Finds in the engine's history what no step reports: instances that ended, were deleted, or are stuck in an incident.
 *
 * Queries only what ended since its cursor, in the engine's own time, so that the cost depends on the processes that end
 * and not on those that run. One instance queries for all, and several instances cost the engine no more than one.
 */
@Injectable()
export class HistoryWatcherService implements OnApplicationBootstrap {
  private readonly logger = new Logger('HistoryWatcher');
  private readonly task: PeriodicTask;
  private readonly ends = new Map<string, TrackedEnd>();
  private ended = new Cursor();
  private incidents = new Cursor();
  private readonly lease: WorkLease;
  private knowsKeys = false;
  private failedRounds = 0;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engineInstances: EngineInstancesClient,
    private readonly engineHistory: EngineHistoryClient,
    private readonly termination: ProcessTerminationService,
    private readonly descriptions: EndDescriptionService,
    private readonly results: InstanceResultService,
    private readonly endedInstances: EndedInstanceService,
    private readonly keys: SeenProcessKeysService,
    leases: WorkLeaseService,
    shutdown: ShutdownService,
  ) {
    this.lease = leases.of('engine-watch');
    // An old position would read all that ended since; the sweep, which then runs, finds that.
    this.lease.onGained(() => {
      this.ended = new Cursor();
      this.incidents = new Cursor();
    });
    this.task = new PeriodicTask(
      { name: 'watch for ended processes', everyMs: WATCH_MS, run: () => this.watch() },
      shutdown,
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Runs a round now. */
  watchNow(): Promise<void> {
    return this.task.runNow();
  }

  /** Registers an ended instance of an open row; its grace period begins now. */
  trackEnd(
    { correlationId, processKey }: Pick<ProcessHead, 'correlationId' | 'processKey'>,
    processInstanceId: string,
    state: HistoricInstance['state'],
  ): void {
    if (this.ends.has(processInstanceId)) return;
    const now = performance.now();
    this.ends.set(processInstanceId, {
      correlationId,
      processInstanceId,
      state,
      dueAt: now + (this.results.expectsCompletion(processKey) ? GRACE_MS : 0),
      graceEndsAt: now + GRACE_MS,
    });
  }

  /**
   * Notes where the query for ends begins after the boot, or after this instance has gained the work: at the latest end. A
   * sweep that begins after this finds what ended before.
   */
  async placeCursor(processKeys: readonly string[]): Promise<void> {
    const cursor = this.ended;
    if (cursor.isPlaced) return;
    const lastEnd = await this.engineHistory.findLastEnd(processKeys);
    cursor.place(lastEnd);
  }

  private async watch(): Promise<void> {
    if (!(await this.store.table.hasReplaceable())) {
      this.ends.clear();
      await this.lease.acquire();
      return;
    }
    if (await this.lease.acquire()) await this.queryOrLeave();
    // Other services of this instance register ends too.
    await this.settleEnds();
  }

  private async queryOrLeave(): Promise<void> {
    try {
      await this.query();
      this.failedRounds = 0;
    } catch (error) {
      if (error instanceof EngineCallError) this.failedRounds += 1;
      if (this.failedRounds >= FAILED_ROUNDS) {
        this.failedRounds = 0;
        await this.lease.leave(LEFT_MS);
      }
      throw error;
    }
  }

  private async query(): Promise<void> {
    await this.learnKeys();
    const processKeys = this.keys.all();
    if (processKeys.length === 0) return;
    await this.placeCursor(processKeys);
    await this.queryFrom(this.ended, (after) => this.queryEnds(processKeys, after));
    await this.queryFrom(this.incidents, (after) => this.queryIncidents(processKeys, after));
  }

  /** Adds the keys of open rows: also other instances start processes, and this one watches for all. */
  private async learnKeys(): Promise<void> {
    if (this.knowsKeys && this.store.isExclusive) return;
    const known = new Set(this.keys.all());
    for (const key of await this.store.table.replaceableKeys()) {
      if (known.has(key)) continue;
      this.keys.add(key);
      // Instances of this key may have ended since the last query, which did not name it.
      this.ended.isBehind = true;
      this.incidents.isBehind = true;
    }
    this.knowsKeys = true;
  }

  /** Queries from a cursor on. */
  private async queryFrom(cursor: Cursor, query: (after: string) => Promise<void>): Promise<void> {
    const from = cursor.from();
    cursor.isBehind = true;
    await query(from);
    cursor.isBehind = false;
  }

  private async queryEnds(processKeys: readonly string[], from: string): Promise<void> {
    const pages = pagesByTime(
      from,
      ({ after, ...page }) =>
        this.engineHistory.findEndedInstances({ ...page, processKeys, finishedAfter: after }),
      ({ endTime }) => Date.parse(endTime ?? from),
    );
    for await (const page of pages) {
      await this.lease.assertHeld();
      await this.trackEnds(page);
      for (const { endTime } of page) this.ended.advance(endTime);
    }
  }

  private async trackEnds(page: readonly HistoricInstance[]): Promise<void> {
    const roots = page.filter(({ superProcessInstanceId }) => (superProcessInstanceId ?? null) === null);
    const ids = roots.map(({ businessKey }) => businessKey ?? '').filter(isCorrelationId);
    const open = new Map<string, ProcessHead>();
    for (const record of await this.store.table.findReplaceable(ids)) open.set(record.correlationId, record);
    for (const { id, businessKey, state } of roots) {
      const record = open.get(businessKey ?? '');
      if (record?.processInstanceId === id) this.trackEnd(record, id, state);
    }
  }

  private async queryIncidents(processKeys: readonly string[], from: string): Promise<void> {
    const pages = pagesByTime(
      from,
      ({ after, ...page }) =>
        this.engineInstances.findIncidentsAfter({ ...page, processKeys, incidentTimestampAfter: after }),
      // This filter of the engine excludes the timestamp itself.
      ({ incidentTimestamp }) => Date.parse(incidentTimestamp) - 1,
    );
    for await (const page of pages) {
      for (const incident of page) {
        await this.handleIncident(incident);
        this.incidents.advance(incident.incidentTimestamp);
      }
    }
  }

  private async handleIncident(incident: Incident): Promise<void> {
    const { processInstanceId } = incident;
    const instance = await this.engineHistory.getHistoricInstance(processInstanceId);
    const rootId = instance?.rootProcessInstanceId ?? instance?.id;
    const root =
      rootId === instance?.id ? instance : await this.engineHistory.getHistoricInstance(rootId ?? '');
    const correlationId = root?.businessKey ?? '';
    if (!isCorrelationId(correlationId)) return;
    const [record] = await this.store.table.findReplaceable([correlationId]);
    if (record?.status !== 'pending' || record.processInstanceId !== root?.id) return;
    await this.termination.writeOutcome(record, {
      origin: 'incident',
      error: this.descriptions.describeIncident(incident),
      stepName: 'incident',
      result: 'Incident seen in the engine',
    });
  }

  /** Writes the outcomes of the rows that are still open after their grace period. */
  private async settleEnds(): Promise<void> {
    const now = performance.now();
    const due = [...this.ends.values()].filter(({ dueAt, state }) => dueAt <= now || isDeleted(state));
    for (let from = 0; from < due.length; from += PAGE_SIZE)
      await this.settle(due.slice(from, from + PAGE_SIZE));
  }

  private async settle(due: readonly TrackedEnd[]): Promise<void> {
    const open = new Map<string, ProcessHead>();
    for (const record of await this.store.table.findReplaceable(
      due.map(({ correlationId }) => correlationId),
    )) {
      open.set(record.correlationId, record);
    }
    const failures: unknown[] = [];
    for (let from = 0; from < due.length; from += SETTLED_AT_ONCE) {
      const results = await Promise.allSettled(
        due
          .slice(from, from + SETTLED_AT_ONCE)
          .map((end) => this.settleOne(end, open.get(end.correlationId))),
      );
      for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
    }
    if (failures.length === 0) return;
    if (failures.length === due.length) throw failures[0];
    // Instances that cannot be read do not keep the others waiting.
    this.logger.warn({
      msg: 'The ends of some instances could not be settled; the next round tries again.',
      failed: failures.length,
      of: due.length,
      err: failures[0],
    });
  }

  /** Forgets the end once its row is settled; otherwise the next round tries again. */
  private async settleOne(end: TrackedEnd, record: ProcessHead | undefined): Promise<void> {
    const { processInstanceId, state, graceEndsAt } = end;
    const isOpen = record?.processInstanceId === processInstanceId && isReplaceable(record);
    const graceIsOver = graceEndsAt <= performance.now();
    if (!isOpen || (await this.endedInstances.settle({ record, processInstanceId, state, graceIsOver })))
      this.ends.delete(processInstanceId);
    else end.dueAt = graceEndsAt;
  }
}

function isDeleted(state: HistoricInstance['state']): boolean {
  return state === 'EXTERNALLY_TERMINATED';
}

/** The position of the queries, in the engine's own time. */
class Cursor {
  /** True if the next query begins further back: the last one failed, or did not have all process keys. */
  isBehind = false;
  /** True once a query has a place to begin at. */
  isPlaced = false;
  private at: string | null = null;

  /**
   * Sets the first position, once: a sweep and a round may both do it, and the sweep relies on the first one.
   *
   * @param time null: nothing has happened yet, and the query begins at the beginning
   */
  place(time: string | null | undefined): void {
    if (this.isPlaced) return;
    this.isPlaced = true;
    this.advance(time);
  }

  advance(time: string | null | undefined): void {
    if (time === null || time === undefined) return;
    if (this.at === null || Date.parse(time) > Date.parse(this.at)) this.at = time;
  }

  /** The start of the next query, in the engine's time format and zone. */
  from(): string {
    if (this.at === null) return START_OF_TIME;
    const overlapMs = this.isBehind ? LONG_OVERLAP_MS : OVERLAP_MS;
    return toEngineDate(new Date(Date.parse(this.at) - overlapMs));
  }
}

const START_OF_TIME = '1970-01-01T00:00:00.000+0000';
