import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import {
  EngineInstancesClient,
  EngineHistoryClient,
  type HistoricInstance,
  type Incident,
  toEngineDate,
} from '../../camunda-engine/index.js';
import { isCorrelationId } from '../../common/identifiers/index.js';
import { PeriodicTask, ShutdownService } from '../../lifecycle/index.js';
import { isReplaceable, type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { SeenProcessKeysService } from '../launch/seen-process-keys.service.js';
import { EndDescriptionService } from './end-description.service.js';
import { ProcessTerminationService } from './process-termination.service.js';
import { pagesByTime } from './time.pages.js';

/** How often the engine is asked for ends and incidents, in ms; only while a row is open. */
const WATCH_MS = 5_000;

/** How long an instance that ended without an outcome may take to report one, in ms. */
const GRACE_MS = 5_000;

/** How far behind its cursor a look begins, in ms: a transaction may commit later than its time says. */
const OVERLAP_MS = 2_000;
const OVERLAP_AFTER_ERROR_MS = 60_000;

/** Rows that are read at once. */
const PAGE_SIZE = 500;

/** An end that was seen, and when its grace is over. */
interface SeenEnd {
  readonly correlationId: string;
  readonly processInstanceId: string;
  readonly state: HistoricInstance['state'];
  readonly dueAt: number;
}

/**
 * Sees the ends that nobody reports: instances that ended, were deleted, or are stuck in an incident.
 *
 * Asks history for what ended since its cursor, in the engine's own time, so that the cost is that of the processes
 * that end and not of those that run.
 */
@Injectable()
export class HistoryWatcherService implements OnApplicationBootstrap {
  private readonly logger = new Logger('EndWatcher');
  private readonly task: PeriodicTask;
  private readonly ends = new Map<string, SeenEnd>();
  private readonly ended = new Cursor();
  private readonly incidents = new Cursor();
  private knowsKeys = false;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engineInstances: EngineInstancesClient,
    private readonly engineHistory: EngineHistoryClient,
    private readonly ender: ProcessTerminationService,
    private readonly words: EndDescriptionService,
    private readonly keys: SeenProcessKeysService,
    shutdown: ShutdownService,
  ) {
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

  /** Takes note of an instance that has ended while its row is open; it has its grace from now on. */
  noteEnd(correlationId: string, processInstanceId: string, state: HistoricInstance['state']): void {
    if (this.ends.has(processInstanceId)) return;
    this.ends.set(processInstanceId, {
      correlationId,
      processInstanceId,
      state,
      dueAt: performance.now() + GRACE_MS,
    });
  }

  private async watch(): Promise<void> {
    if (!(await this.store.hasReplaceable())) {
      this.ends.clear();
      return;
    }
    if (!this.knowsKeys) {
      for (const key of await this.store.replaceableKeys()) this.keys.add(key);
      this.knowsKeys = true;
    }
    const processKeys = this.keys.all();
    if (processKeys.length > 0) {
      // What ended earlier is the sweep's.
      if (!this.ended.isSet) this.ended.advance(await this.engineHistory.findLastEnd(processKeys));
      await this.lookFrom(this.ended, (after) => this.lookAtEnds(processKeys, after));
      await this.lookFrom(this.incidents, (after) => this.lookAtIncidents(processKeys, after));
    }
    await this.settleEnds();
  }

  /** Looks on from a cursor, and from further back after a look that failed. */
  private async lookFrom(cursor: Cursor, look: (after: string) => Promise<void>): Promise<void> {
    try {
      await look(cursor.from());
      cursor.hasFailed = false;
    } catch (error) {
      cursor.hasFailed = true;
      throw error;
    }
  }

  private async lookAtEnds(processKeys: readonly string[], from: string): Promise<void> {
    const pages = pagesByTime(
      from,
      ({ after, ...page }) =>
        this.engineHistory.findEndedInstances({ ...page, processKeys, finishedAfter: after }),
      ({ endTime }) => Date.parse(endTime ?? from),
    );
    for await (const page of pages) {
      await this.takeEnds(page);
      for (const { endTime } of page) this.ended.advance(endTime);
    }
  }

  private async takeEnds(page: readonly HistoricInstance[]): Promise<void> {
    const roots = page.filter(({ superProcessInstanceId }) => (superProcessInstanceId ?? null) === null);
    const ids = roots.map(({ businessKey }) => businessKey ?? '').filter(isCorrelationId);
    const open = new Map<string, ProcessHead>();
    for (const record of await this.store.findReplaceable(ids)) open.set(record.correlationId, record);
    for (const { id, businessKey, state } of roots) {
      const record = open.get(businessKey ?? '');
      if (record?.processInstanceId === id) this.noteEnd(record.correlationId, id, state);
    }
  }

  private async lookAtIncidents(processKeys: readonly string[], from: string): Promise<void> {
    const pages = pagesByTime(
      from,
      ({ after, ...page }) =>
        this.engineInstances.findIncidentsAfter({ ...page, processKeys, incidentTimestampAfter: after }),
      // Here the engine leaves out the moment itself.
      ({ incidentTimestamp }) => Date.parse(incidentTimestamp) - 1,
    );
    for await (const page of pages) {
      for (const incident of page) {
        await this.takeIncident(incident);
        this.incidents.advance(incident.incidentTimestamp);
      }
    }
  }

  private async takeIncident(incident: Incident): Promise<void> {
    const { processInstanceId } = incident;
    const instance = await this.engineHistory.getHistoricInstance(processInstanceId);
    const rootId = instance?.rootProcessInstanceId ?? instance?.id;
    const root =
      rootId === instance?.id ? instance : await this.engineHistory.getHistoricInstance(rootId ?? '');
    const correlationId = root?.businessKey ?? '';
    if (!isCorrelationId(correlationId)) return;
    const [record] = await this.store.findReplaceable([correlationId]);
    if (record?.status !== 'pending' || record.processInstanceId !== root?.id) return;
    await this.ender.end(record, {
      origin: 'incident',
      error: this.words.ofIncident(incident),
      stepName: 'incident',
      result: 'Incident seen in the engine',
    });
  }

  /** Ends the rows whose grace is over, where they are still open. */
  private async settleEnds(): Promise<void> {
    const now = performance.now();
    const due = [...this.ends.values()].filter(({ dueAt, state }) => dueAt <= now || isDeleted(state));
    for (let from = 0; from < due.length; from += PAGE_SIZE)
      await this.settle(due.slice(from, from + PAGE_SIZE));
  }

  private async settle(due: readonly SeenEnd[]): Promise<void> {
    const open = new Map<string, ProcessHead>();
    for (const record of await this.store.findReplaceable(due.map(({ correlationId }) => correlationId))) {
      open.set(record.correlationId, record);
    }
    for (const { correlationId, processInstanceId, state } of due) {
      const record = open.get(correlationId);
      if (record?.processInstanceId === processInstanceId && isReplaceable(record)) {
        await this.settleEnd(record, state);
      }
      this.ends.delete(processInstanceId);
    }
  }

  private async settleEnd(record: ProcessHead, state: HistoricInstance['state']): Promise<void> {
    this.logger.warn({
      msg: 'An instance has ended, and nobody has completed its process.',
      correlationId: record.correlationId,
      processInstanceId: record.processInstanceId,
      state,
    });
    if (isDeleted(state) && record.cancelRequestedAt !== null) {
      await this.ender.finishCancel(record);
      return;
    }
    await this.ender.end(
      record,
      isDeleted(state)
        ? {
            origin: 'cancel',
            error: 'The process instance was deleted in the engine.',
            stepName: 'cancel',
            result: 'Instance deleted in the engine',
          }
        : {
            origin: 'no-result',
            error: await this.words.endedWithoutResult(record.processInstanceId ?? ''),
            stepName: 'end',
            result: 'Instance ended without a result',
          },
    );
  }
}

function isDeleted(state: HistoricInstance['state']): boolean {
  return state === 'EXTERNALLY_TERMINATED';
}

/** How far a look at the engine has come, in the engine's own time. */
class Cursor {
  hasFailed = false;
  private at: string | null = null;

  get isSet(): boolean {
    return this.at !== null;
  }

  advance(time: string | null | undefined): void {
    if (time === null || time === undefined) return;
    if (this.at === null || Date.parse(time) > Date.parse(this.at)) this.at = time;
  }

  /** Where the next look begins, as the engine writes times; the zone stays the engine's. */
  from(): string {
    if (this.at === null) return START_OF_TIME;
    const overlapMs = this.hasFailed ? OVERLAP_AFTER_ERROR_MS : OVERLAP_MS;
    return toEngineDate(new Date(Date.parse(this.at) - overlapMs));
  }
}

const START_OF_TIME = '1970-01-01T00:00:00.000+0000';
