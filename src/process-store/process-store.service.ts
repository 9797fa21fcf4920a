import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import {
  bytesOf,
  DatabaseService,
  fitInto,
  type WriteOptions,
  WriteQueueService,
} from '../database/index.js';
import { fit } from '../common/columns/index.js';
import { DATABASE_CONFIG, type DatabaseConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { FreshRowsReader } from './fresh-rows.reader.js';
import { isFinal } from './outcome-origin.js';
import { ProcessCache } from './process-cache.js';
import { cleanChange, cleanOutcome, emptyRecord, rowOf } from './process-record.factory.js';
import { encodeCursor, type ProcessCursor } from './process-cursor.js';
import type {
  ListedProcess,
  ListRestriction,
  ProcessChange,
  ProcessOwnership,
  ProcessPage,
  ProcessQuery,
  ProcessRecord,
} from './process-record.js';
import { PROCESS_STORE_COLUMNS as COLUMNS } from './process-store.columns.js';
import { ProcessStartRepository } from './process-start.repository.js';
import { ProcessStoreRepository } from './process-store.repository.js';
import type {
  Claim,
  ClaimResult,
  Decision,
  FinishedProcess,
  UpdateResult,
  InsertResult,
  SaveResult,
  SeenRow,
  StartAttempt,
  StartLease,
  StartSchedule,
} from './process-store.types.js';
import type { ProcessWrite, ProcessWriteResult } from './process-write.js';
import { type ProcessStoreWrites, processStoreWrites, type ResolutionWrite } from './process-store.writes.js';

/** Selects active processes. */
type ActiveQuery = Pick<ProcessQuery, 'limit' | 'maxBytes' | 'reserve' | 'processKeys' | 'owner'>;

/** Approximate memory of a row without its texts, in bytes. */
const ROW_BYTES = 512;

/** Maximum age of an open state in the Map as the base of a compare-and-set if other instances write too, in ms. */
const SHARED_MAX_AGE_MS = 1_000;

const SWEEP_MS = 1_000;

/** Rows in one query with their results, which may be long. */
const DECIDED_BATCH = 16;

/**
 * The current state of processes: the table, and a Map in front of it that holds only committed rows.
 *
 * The promise of a write settles when its row is durable, with the row as it is then.
 */
@Injectable()
export class ProcessStoreService {
  private readonly cache: ProcessCache;
  private readonly writes: ProcessStoreWrites;
  private readonly outcomeListeners: ((record: ProcessRecord) => void)[] = [];
  private readonly reader = new FreshRowsReader(async (ids) => {
    const [first, ...others] = ids;
    if (first === undefined || others.length > 0) return this.table.findCurrent(ids);
    const record = await this.table.findProcessStore(first);
    return record === null ? [] : [record];
  });

  constructor(
    /** Reads of the table alone, past the Map. */
    readonly table: ProcessStoreRepository,
    /** Reads of what starts need, which only the table has. */
    readonly starts: ProcessStartRepository,
    private readonly queue: WriteQueueService,
    private readonly database: DatabaseService,
    @Inject(DATABASE_CONFIG) { processCacheMaxBytes }: DatabaseConfig,
    shutdown: ShutdownService,
  ) {
    const maxAgeMs = database.dialect.exclusive ? Infinity : SHARED_MAX_AGE_MS;
    this.cache = new ProcessCache(maxAgeMs, processCacheMaxBytes, () => this.now().getTime());
    this.writes = processStoreWrites(table, starts, this.cache, (record) => {
      for (const listener of this.outcomeListeners) listener(record);
    });
    const sweeper = setInterval(() => {
      this.cache.sweep();
    }, SWEEP_MS);
    sweeper.unref();
    shutdown.register('release', 'process store', () => {
      clearInterval(sweeper);
    });
  }

  /**
   * Claims an id for a start: inserts the `pending` row, with the lease of its owner, unless the id exists.
   *
   * The insert counts as the first attempt at the start, because a crash between the two looks like one after both.
   *
   * @param late receives the row if the claim commits after the timeout of the caller
   * @returns the row with the id, and whether this claim inserted it
   */
  async claim(
    claim: Claim,
    options: WriteOptions = {},
    late: (claimed: ClaimResult) => void = () => undefined,
  ): Promise<ClaimResult> {
    const { leaseMs, variables, ...given } = claim;
    const record = {
      ...emptyRecord(claim.correlationId, claim.claimId, this.now()),
      ...given,
      processKey: fit(COLUMNS.processKey, claim.processKey),
      startOwner: fit(COLUMNS.startOwner, claim.startOwner),
      startMessage: fit(COLUMNS.startMessage, claim.startMessage ?? null),
      startAttempts: 1,
      startFence: 1,
    };
    const resultOf = ({ written, record: row }: ProcessWriteResult): ClaimResult => ({
      kind: written ? 'claimed' : 'exists',
      record: row ?? record,
    });
    const write = { type: 'insert', record, variables: fit(COLUMNS.variables, variables), leaseMs } as const;
    return resultOf(
      await this.upsert(write, {
        late: (result) => {
          late(resultOf(result));
        },
        ...options,
      }),
    );
  }

  /** Stores a process that was started elsewhere and is already finished, unless the id exists. */
  async insertFinished(process: FinishedProcess, options: WriteOptions = {}): Promise<InsertResult> {
    const { outcome, outcomeStep = null, processKey = null, processInstanceId = null } = process;
    const record: ProcessRecord = {
      ...emptyRecord(process.correlationId, uuidv7(), this.now()),
      ...rowOf(cleanOutcome(outcome)),
      processKey: fit(COLUMNS.processKey, processKey),
      processInstanceId: fit(COLUMNS.processInstanceId, processInstanceId),
      outcomeStep: fit(COLUMNS.outcomeStep, outcomeStep),
      batchId: fit(COLUMNS.batchId, process.batchId ?? null),
      traceabilityId: fit(COLUMNS.traceabilityId, process.traceabilityId ?? null),
      applicationId: fit(COLUMNS.applicationId, process.applicationId ?? null),
    };
    const write = { type: 'insert', record, variables: null, leaseMs: null } as const;
    const { written, record: row } = await this.upsert(write, options);
    return { kind: written ? 'inserted' : 'exists', record: row ?? record };
  }

  /**
   * The state of a process, at least as new as the table was when this was called; null if the id is unknown.
   *
   * The Map answers for a final state, and on SQLite for any. Otherwise another instance may have written, and the row is
   * read; calls at the same time share their queries.
   *
   * @throws DatabaseUnavailableError if the row has to be read and the database is unavailable
   */
  async get(correlationId: string): Promise<ProcessRecord | null> {
    const current = this.cache.current(correlationId);
    if (current !== undefined) return current;
    const { changes } = this.cache;
    const record = await this.reader.read(correlationId);
    if (record !== null) this.cache.putRead(record, changes);
    return record;
  }

  /**
   * The state of a process as this instance remembers it, at most a second old, or else as {@link get} reads it. Only for a
   * write that compares the version; what it refuses has to be decided again on the state of {@link get}.
   *
   * @throws DatabaseUnavailableError if the Map does not hold it and the database is unavailable
   */
  async remembered(correlationId: string): Promise<ProcessRecord | null> {
    return this.cache.get(correlationId) ?? (await this.get(correlationId));
  }

  /** Another instance has committed this version of a process: what the Map holds of an older one is forgotten. */
  noteVersion(correlationId: string, version: number): void {
    this.cache.outdate(correlationId, version);
  }

  /**
   * Calls a listener with every row whose outcome this instance has committed.
   *
   * @param listener must not throw
   */
  onOutcome(listener: (record: ProcessRecord) => void): void {
    this.outcomeListeners.push(listener);
  }

  /**
   * Changes a row if it still has the version of `seen`; otherwise returns the current row, or null if there is none.
   *
   * @param seen the row on which the change was decided
   */
  async save(
    { correlationId, claimId, version }: SeenRow,
    change: ProcessChange,
    options: WriteOptions = {},
  ): Promise<SaveResult> {
    const write = {
      type: 'update',
      correlationId,
      claimId,
      expectedVersion: version,
      change: cleanChange(change),
      at: this.now(),
    } as const;
    const { written, record } = await this.upsert(write, options);
    return written && record !== null ? { saved: true, record } : { saved: false, record };
  }

  /**
   * Changes a row by its current state, and decides again whenever another change was faster.
   *
   * @param decide called with the current state, possibly several times
   */
  async update<R>(
    correlationId: string,
    decide: (record: ProcessRecord) => Decision<R>,
    options: WriteOptions = {},
  ): Promise<UpdateResult<R>> {
    let current = await this.remembered(correlationId);
    let isFresh = false;
    while (current !== null) {
      const decision = decide(current);
      if ('refuse' in decision) {
        if (isFresh || this.isCurrent(current))
          return { kind: 'refused', reason: decision.refuse, record: current };
        isFresh = true;
        current = await this.get(correlationId);
        continue;
      }
      const result = await this.save(current, decision.change, options);
      if (result.saved) return { kind: 'saved', record: result.record };
      isFresh = true;
      current = result.record;
    }
    return { kind: 'unknown' };
  }

  /** True if no other instance can write to the table. */
  get isExclusive(): boolean {
    return this.database.dialect.exclusive;
  }

  /** True if no other instance can have changed this state since it was read or written. */
  isCurrent(record: ProcessRecord): boolean {
    return this.isExclusive || isFinal(record);
  }

  /**
   * Writes the instance id if the row has none, whatever its status. The holder of the lease also clears the variables.
   *
   * Deferrable: it joins the next group of writes. It waits if the queue is full, because no other caller repeats it.
   *
   * @param lease the row under which the instance was started
   * @returns the row, whose instance id may be another one; null if the claim is gone
   */
  noteStarted(lease: StartLease, instanceId: string): Promise<ProcessRecord | null> {
    const { correlationId } = lease;
    const write = { correlationId, bytes: ROW_BYTES, item: { lease, instanceId } };
    return this.queue.enqueue(this.writes.started, write, { deferrable: true, whenFull: 'wait' });
  }

  /**
   * Marks a process as relied on, so that its claim is no longer removed.
   *
   * @returns the row; null if there is none and the caller has to claim the id again
   */
  async markJoined(correlationId: string, options: WriteOptions = {}): Promise<ProcessRecord | null> {
    const held = this.cache.get(correlationId);
    // Neither is ever reverted, and each prevents the removal of the claim.
    if (held !== undefined && (held.joined || held.processInstanceId !== null)) return held;
    const write = { correlationId, bytes: ROW_BYTES, item: { correlationId } };
    return this.queue.enqueue(this.writes.joined, write, options);
  }

  /** Removes a refused claim, unless another caller relies on it or the lease is lost; true if it is removed. */
  releaseClaim(lease: StartLease): Promise<boolean> {
    const write = { correlationId: lease.correlationId, bytes: ROW_BYTES, item: { lease } };
    return this.queue.enqueue(this.writes.release, write);
  }

  /** The time by the clock of the database, with which the times in rows are compared. */
  now(): Date {
    return this.database.now();
  }

  /** False while the database is unavailable for writes, which then wait in memory. */
  get isWritable(): boolean {
    return this.queue.available;
  }

  /**
   * The processes whose status in the table is no longer pending, in pages. Puts them into the Map.
   *
   * @param correlationIds any number of them
   */
  async *findDecided(correlationIds: readonly string[]): AsyncGenerator<readonly ProcessRecord[]> {
    yield* this.readDecided(await this.table.findDecidedIds(correlationIds));
  }

  /**
   * Those of the processes whose status in the table is no longer pending, in pages; for few ids of which most are decided.
   * Puts them into the Map.
   */
  async *readDecided(correlationIds: readonly string[]): AsyncGenerator<readonly ProcessRecord[]> {
    for (let from = 0; from < correlationIds.length; from += DECIDED_BATCH) {
      const { changes } = this.cache;
      const records = await this.table.findDecided(correlationIds.slice(from, from + DECIDED_BATCH));
      for (const record of records) this.cache.putRead(record, changes);
      yield records;
    }
  }

  /** Takes the lease of a row that is due; null if another owner holds it or it is no longer due. */
  leaseStart(correlationId: string, owner: string, leaseMs: number): Promise<ProcessRecord | null> {
    return this.resolution({ type: 'lease', correlationId, owner, leaseMs });
  }

  /**
   * Records a further attempt before it is sent, and renews the lease.
   *
   * @returns null if the row may not be started: the lease is lost, a cancel is requested, or there is an instance or outcome
   */
  beginStartAttempt(attempt: StartAttempt): Promise<ProcessRecord | null> {
    return this.resolution({ type: 'attempt', ...attempt });
  }

  /** Releases a lease and sets when the row is due again; null if it is not held any more. */
  rescheduleStart(schedule: StartSchedule): Promise<ProcessRecord | null> {
    return this.resolution({ type: 'reschedule', ...schedule });
  }

  /**
   * Ends the resolution of a start: no work is left to do in the engine.
   *
   * @param settleMs minimum time since the last attempt, in ms
   * @returns null if the lease is lost, or the last attempt is younger
   */
  resolveStart(lease: StartLease, settleMs = 0): Promise<ProcessRecord | null> {
    return this.resolution({ type: 'resolve', lease, settleMs });
  }

  /** Makes a row due again, because work was found to be left in the engine. */
  reopenStart(correlationId: string, nextInMs: number): Promise<ProcessRecord | null> {
    return this.resolution({ type: 'reopen', correlationId, nextInMs });
  }

  /**
   * Ends every lease, once, and only if the lock of the database proves that no other process holds one.
   *
   * @param forgetAttempts also forget their attempts: nothing that they sent can still arrive
   * @returns the number of rows that are due now
   */
  async voidLeasesOfEarlierRun(forgetAttempts: boolean): Promise<number> {
    if (!this.database.takeSoleUse()) return 0;
    const write = { correlationId: '', bytes: ROW_BYTES, item: { forgetAttempts } };
    return this.queue.enqueue(this.writes.voidLeases, write);
  }

  /**
   * Limits due times and leases to `atMostMs` from now, after the clock of this process was set back. Does nothing on a
   * server, whose own clock counts.
   */
  async bringForward(atMostMs: number): Promise<void> {
    if (!this.database.dialect.exclusive) return;
    await this.queue.enqueue(this.writes.bringForward, {
      correlationId: '',
      bytes: ROW_BYTES,
      item: { atMostMs },
    });
  }

  /** Removes a process from the Map; its row stays. */
  remove(correlationId: string): void {
    this.cache.delete(correlationId);
  }

  /** The states in the Map: active processes, and those that ended within the last seconds. */
  values(): ProcessRecord[] {
    return this.cache.values();
  }

  /** The state in the Map if it is as new as {@link get} would read it; null otherwise. */
  peekCurrent(correlationId: string): ProcessRecord | null {
    return this.cache.current(correlationId) ?? null;
  }

  /** The committed state in the Map, which may be a second old; null if the Map does not hold it. */
  peek(correlationId: string): ProcessRecord | null {
    return this.cache.get(correlationId) ?? null;
  }

  /** Keeps an open state in the Map while a request waits for it. */
  retain(correlationId: string): void {
    this.cache.retain(correlationId);
  }

  /** Ends one {@link retain}. */
  release(correlationId: string): void {
    this.cache.release(correlationId);
  }

  /**
   * The open rows of the table, and those that ended in the last 5 s and are still in the Map; newest first. Only the
   * latter have their results. If not all fit, the cursor continues through all rows.
   */
  async listActive(query: ActiveQuery): Promise<ProcessPage> {
    const { limit, maxBytes, reserve, ...restriction } = query;
    const open = await this.table.findOpenPlaces(limit + 1, restriction);
    const ended = new Map(
      this.cache
        .recentlyFinal()
        .filter((record) => meets(record, restriction))
        .map((record) => [record.correlationId, record]),
    );
    const places = [
      ...open.filter(({ correlationId }) => !ended.has(correlationId)),
      ...Array.from(ended.values(), ({ correlationId, startedAt, error }) => ({
        correlationId,
        startedAt,
        bytes: bytesOf(error),
      })),
    ].sort(newestFirst);
    const { count, bytes } = fitInto(places.slice(0, limit), maxBytes);
    const shown = places.slice(0, count);
    reserve?.(bytes);
    const ids = shown.map(({ correlationId }) => correlationId);
    const found = await this.table.findShown(
      ids.filter((id) => !ended.has(id)),
      false,
    );
    const last = places.length > count ? shown.at(-1) : undefined;
    return {
      processes: ids.flatMap((id) => {
        const record = ended.get(id);
        return record === undefined ? (found.get(id) ?? []) : listed(record);
      }),
      nextCursor: last === undefined ? null : encodeCursor(last),
    };
  }

  /**
   * A page of rows from the table, newest first.
   *
   * @throws InvalidCursorError
   */
  list(query: ProcessQuery): Promise<ProcessPage> {
    return this.table.findAllProcessStore(query);
  }

  private resolution(item: ResolutionWrite): Promise<ProcessRecord | null> {
    const { correlationId } = 'lease' in item ? item.lease : item;
    return this.queue.enqueue(this.writes.resolution, { correlationId, bytes: ROW_BYTES, item });
  }

  private upsert(
    write: ProcessWrite,
    options: WriteOptions & { readonly late?: (result: ProcessWriteResult) => void },
  ): Promise<ProcessWriteResult> {
    const correlationId = write.type === 'insert' ? write.record.correlationId : write.correlationId;
    const bytes = ROW_BYTES + textBytes(write);
    return this.queue.enqueue(this.writes.upsert, { correlationId, bytes, item: write }, options);
  }
}

function textBytes(write: ProcessWrite): number {
  if (write.type === 'insert') {
    const { data, error } = write.record;
    return bytesOf(data) + bytesOf(error) + bytesOf(write.variables);
  }
  const { outcome } = write.change;
  if (outcome === undefined) return 0;
  return bytesOf(outcome.status === 'ok' ? outcome.data : outcome.error);
}

function listed(record: ProcessRecord): ListedProcess {
  return Object.assign({ hasData: record.data !== null }, record);
}

function meets({ processKey, owner }: ProcessOwnership, restriction: ListRestriction): boolean {
  if (restriction.owner !== undefined && restriction.owner !== owner) return false;
  const { processKeys } = restriction;
  return processKeys === undefined || (processKey !== null && processKeys.includes(processKey));
}

function newestFirst(a: ProcessCursor, b: ProcessCursor): number {
  const byTime = b.startedAt.getTime() - a.startedAt.getTime();
  return byTime === 0 ? (a.correlationId < b.correlationId ? 1 : -1) : byTime;
}
