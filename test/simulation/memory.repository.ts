import type { SqlExecutor } from '../../src/database/index.js';
import { isOpen, isReplaceable } from '../../src/process-store/outcome-origin.js';
import { rowOf } from '../../src/process-store/process-record.factory.js';
import type {
  ListedProcess,
  ProcessPage,
  ProcessQuery,
  ProcessRecord,
} from '../../src/process-store/process-record.js';
import type { ProcessStartRepository } from '../../src/process-store/process-start.repository.js';
import type {
  ProcessPlace,
  ProcessStoreRepository,
} from '../../src/process-store/process-store.repository.js';
import type {
  DueStart,
  StartAttempt,
  StartLease,
  StartSchedule,
} from '../../src/process-store/process-store.types.js';
import type {
  InsertProcess,
  ProcessWrite,
  ProcessWriteResult,
  UpdateProcess,
} from '../../src/process-store/process-write.js';

/** @param before the row that it replaces */
export type RowObserver = (row: ProcessRecord, before: ProcessRecord | undefined) => void;

/** The durable content of the table. */
export class MemoryTable {
  readonly rows = new Map<string, ProcessRecord>();
  /** Variables of the unfinished starts. */
  readonly variables = new Map<string, string>();
  private readonly observers: RowObserver[] = [];

  /** Calls the listener with every written row at its commit. */
  observe(observer: RowObserver): void {
    this.observers.push(observer);
  }

  write(row: ProcessRecord): ProcessRecord {
    const before = this.rows.get(row.correlationId);
    this.rows.set(row.correlationId, row);
    // A resolved start has no variables.
    if (row.startNextAt === null) this.variables.delete(row.correlationId);
    for (const observer of this.observers) observer(row, before);
    return row;
  }
}

/** Executes a read: now, later, or never if the reader has crashed. */
export type Reader = <T>(query: () => T) => Promise<T>;

/** How long after its request an unfinished cancel falls due for the reconciler, in ms; as in the statements. */
const CANCEL_DUE_MS = 2_000;

const RESOLVED = { startOwner: null, startLeaseUntil: null, startNextAt: null } as const;

/**
 * The statements of `process_store` on rows in memory: compare-and-set by version, one row for each id. Writes change
 * the table when they are called, so that one transaction is one step; reads go through the {@link Reader}.
 */
export class MemoryRepository
  implements
    Pick<ProcessStoreRepository, keyof ProcessStoreRepository>,
    Pick<ProcessStartRepository, keyof ProcessStartRepository>
{
  constructor(
    private readonly table: MemoryTable,
    private readonly read: Reader,
  ) {}

  findProcessStore(correlationId: string): Promise<ProcessRecord | null> {
    return this.read(() => this.table.rows.get(correlationId) ?? null);
  }

  findCurrent(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.read(() => this.byIds(correlationIds));
  }

  findOwnership(correlationId: string): Promise<ProcessRecord | null> {
    return this.findProcessStore(correlationId);
  }

  findAllProcessStore({ limit }: ProcessQuery): Promise<ProcessPage> {
    return this.read(() => ({
      processes: this.oldestFirst(() => true)
        .reverse()
        .slice(0, limit)
        .map((row) => ({ ...row, hasData: row.data !== null })),
      nextCursor: null,
    }));
  }

  findOpenPlaces(limit: number): Promise<readonly ProcessPlace[]> {
    return this.read(() =>
      this.oldestFirst(isOpen)
        .reverse()
        .slice(0, limit)
        .map(({ correlationId, startedAt }) => ({ correlationId, startedAt, bytes: 0 })),
    );
  }

  findShown(correlationIds: readonly string[]): Promise<ReadonlyMap<string, ListedProcess>> {
    return this.read(
      () =>
        new Map(
          correlationIds.flatMap((id) => {
            const row = this.table.rows.get(id);
            return row === undefined ? [] : [[id, { ...row, hasData: row.data !== null }] as const];
          }),
        ),
    );
  }

  async upsertProcessStore(
    _sql: SqlExecutor,
    writes: readonly ProcessWrite[],
  ): Promise<readonly ProcessWriteResult[]> {
    return writes.map((write) => (write.type === 'insert' ? this.insert(write) : this.update(write)));
  }

  async noteStarted(_sql: SqlExecutor, lease: StartLease, instanceId: string): Promise<ProcessRecord | null> {
    return this.change(
      lease.correlationId,
      ({ claimId }) => claimId === lease.claimId,
      (row) => ({
        ...(isUnder(row, lease) ? startEnded(row) : {}),
        processInstanceId: row.processInstanceId ?? instanceId,
      }),
    );
  }

  async markJoined(_sql: SqlExecutor, correlationId: string): Promise<ProcessRecord | null> {
    const isUnresolved = (row: ProcessRecord): boolean => row.processInstanceId === null;
    const joined = this.change(correlationId, isUnresolved, () => ({ joined: true }));
    return joined ?? this.table.rows.get(correlationId) ?? null;
  }

  async releaseClaim(_sql: SqlExecutor, lease: StartLease): Promise<boolean> {
    const { correlationId, claimId } = lease;
    const row = this.table.rows.get(correlationId);
    const isUnresolved =
      row?.claimId === claimId &&
      isUnder(row, lease) &&
      row.status === 'pending' &&
      !row.joined &&
      row.cancelRequestedAt === null &&
      row.processInstanceId === null;
    if (isUnresolved) this.table.rows.delete(correlationId);
    return isUnresolved;
  }

  findDueStarts(limit: number): Promise<readonly DueStart[]> {
    return this.read(() =>
      this.oldestFirst((row) => isOver(row.startNextAt))
        .slice(0, limit)
        .map(({ correlationId }) => ({
          correlationId,
          bytes: this.table.variables.get(correlationId)?.length ?? 0,
        })),
    );
  }

  findVariables(correlationId: string): Promise<string | null> {
    return this.read(() => this.table.variables.get(correlationId) ?? null);
  }

  countUnresolvedStarts(claimedBefore: Date): Promise<number> {
    const isCounted = ({ startNextAt, startOwner, startedAt }: ProcessRecord): boolean =>
      startNextAt !== null && (startOwner === null || startedAt <= claimedBefore);
    return this.read(() => this.oldestFirst(isCounted).length);
  }

  findDecidedIds(correlationIds: readonly string[]): Promise<readonly string[]> {
    return this.read(() =>
      this.byIds(correlationIds)
        .filter(({ status }) => status !== 'pending')
        .map(({ correlationId }) => correlationId),
    );
  }

  findDecided(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.read(() => this.byIds(correlationIds).filter(({ status }) => status !== 'pending'));
  }

  hasReplaceable(): Promise<boolean> {
    return this.read(() => this.oldestFirst(isReplaceable).length > 0);
  }

  replaceableKeys(): Promise<readonly string[]> {
    return this.read(() => [
      ...new Set(this.oldestFirst(isReplaceable).flatMap(({ processKey }) => processKey ?? [])),
    ]);
  }

  findReplaceable(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.read(() => this.byIds(correlationIds).filter(isReplaceable));
  }

  findReplaceableBefore(
    startedBefore: Date,
    after: Pick<ProcessRecord, 'startedAt' | 'correlationId'> | null,
    limit: number,
  ): Promise<readonly ProcessRecord[]> {
    const isInPage = (row: ProcessRecord): boolean =>
      isReplaceable(row) && row.startedAt < startedBefore && (after === null || byAge(after, row) < 0);
    return this.read(() => this.oldestFirst(isInPage).slice(0, limit));
  }

  findByIds(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.read(() => this.byIds(correlationIds));
  }

  async leaseStart(
    _sql: SqlExecutor,
    correlationId: string,
    owner: string,
    leaseMs: number,
  ): Promise<ProcessRecord | null> {
    return this.change(
      correlationId,
      (row) => isOver(row.startNextAt) && (row.startLeaseUntil === null || isOver(row.startLeaseUntil)),
      ({ startFence }) => ({
        startOwner: owner,
        startFence: (startFence ?? 0) + 1,
        startLeaseUntil: inMs(leaseMs),
        startNextAt: inMs(leaseMs),
      }),
    );
  }

  async beginStartAttempt(
    _sql: SqlExecutor,
    { lease, leaseMs, settleMs }: StartAttempt,
  ): Promise<ProcessRecord | null> {
    return this.change(
      lease.correlationId,
      (row) =>
        isUnder(row, lease) &&
        row.startAttempts === lease.startAttempts &&
        row.status === 'pending' &&
        row.cancelRequestedAt === null &&
        row.processInstanceId === null &&
        (row.startLastAttemptAt === null || row.startLastAttemptAt <= inMs(-settleMs)),
      (row) => ({
        startAttempts: row.startAttempts + 1,
        startLastAttemptAt: inMs(0),
        startLeaseUntil: inMs(leaseMs),
        startNextAt: inMs(leaseMs),
      }),
    );
  }

  async rescheduleStart(
    _sql: SqlExecutor,
    { lease, nextInMs, attempt }: StartSchedule,
  ): Promise<ProcessRecord | null> {
    return this.change(
      lease.correlationId,
      (row) => isUnder(row, lease),
      (row) => ({
        startOwner: null,
        startLeaseUntil: null,
        startNextAt: inMs(nextInMs),
        ...(attempt === 'unchanged' ? {} : { startLastAttemptAt: attempt === 'ambiguous' ? inMs(0) : null }),
        ...(attempt === 'none' ? { startAttempts: Math.max(row.startAttempts - 1, 0) } : {}),
      }),
    );
  }

  async resolveStart(_sql: SqlExecutor, lease: StartLease, settleMs: number): Promise<ProcessRecord | null> {
    return this.change(
      lease.correlationId,
      (row) =>
        isUnder(row, lease) && (row.startLastAttemptAt === null || row.startLastAttemptAt <= inMs(-settleMs)),
      startEnded,
    );
  }

  async reopenStart(
    _sql: SqlExecutor,
    correlationId: string,
    nextInMs: number,
  ): Promise<ProcessRecord | null> {
    return this.change(
      correlationId,
      () => true,
      ({ startFence }) => ({
        startNextAt: inMs(nextInMs),
        startLastAttemptAt: inMs(0),
        startFence: (startFence ?? 0) + 1,
      }),
    );
  }

  async voidLeases(_sql: SqlExecutor, forgetAttempts: boolean): Promise<number> {
    const unresolved = this.oldestFirst(({ startNextAt }) => startNextAt !== null);
    for (const row of unresolved) {
      this.table.write({
        ...row,
        startOwner: null,
        startLeaseUntil: null,
        startNextAt: inMs(0),
        ...(forgetAttempts ? { startLastAttemptAt: null } : {}),
      });
    }
    return unresolved.length;
  }

  async bringForward(_sql: SqlExecutor, atMostMs: number): Promise<number> {
    const unresolved = this.oldestFirst(({ startNextAt }) => startNextAt !== null);
    const atMost = (time: Date | null, ms: number): Date | null =>
      time !== null && time > inMs(ms) ? inMs(ms) : time;
    for (const row of unresolved) {
      this.table.write({
        ...row,
        startNextAt: atMost(row.startNextAt, atMostMs),
        startLeaseUntil: atMost(row.startLeaseUntil, atMostMs),
        startLastAttemptAt: atMost(row.startLastAttemptAt, 0),
      });
    }
    return unresolved.length;
  }

  private insert({ record, variables, leaseMs }: InsertProcess): ProcessWriteResult {
    const existing = this.table.rows.get(record.correlationId);
    if (existing !== undefined) return { written: existing.claimId === record.claimId, record: existing };
    const leaseUntil = leaseMs === null ? null : inMs(leaseMs);
    const startLastAttemptAt = leaseMs === null ? null : inMs(0);
    const row = { ...record, startLeaseUntil: leaseUntil, startNextAt: leaseUntil, startLastAttemptAt };
    if (variables !== null) this.table.variables.set(row.correlationId, variables);
    return { written: true, record: this.table.write(row) };
  }

  private update(write: UpdateProcess): ProcessWriteResult {
    const { correlationId, change, at } = write;
    const { outcome, outcomeStep = null, processInstanceId, cancelRequestedAt, startResolved } = change;
    const written = this.change(
      correlationId,
      (row) =>
        row.claimId === write.claimId &&
        row.version === write.expectedVersion &&
        (change.underLease === undefined || isUnder(row, change.underLease)),
      (row) => ({
        ...(outcome === undefined
          ? {}
          : { ...rowOf(outcome), outcomeStep, updatedAt: at, version: row.version + 1 }),
        processInstanceId: row.processInstanceId ?? processInstanceId ?? null,
        cancelRequestedAt: row.cancelRequestedAt ?? cancelRequestedAt ?? null,
        ...(cancelRequestedAt === undefined ? {} : { startNextAt: row.startNextAt ?? inMs(CANCEL_DUE_MS) }),
        ...(startResolved === true ? RESOLVED : {}),
      }),
    );
    if (written !== null) return { written: true, record: written };
    return { written: false, record: this.table.rows.get(correlationId) ?? null };
  }

  private change(
    correlationId: string,
    condition: (row: ProcessRecord) => boolean,
    changed: (row: ProcessRecord) => Partial<ProcessRecord>,
  ): ProcessRecord | null {
    const row = this.table.rows.get(correlationId);
    return row !== undefined && condition(row) ? this.table.write({ ...row, ...changed(row) }) : null;
  }

  private byIds(correlationIds: readonly string[]): ProcessRecord[] {
    return [...new Set(correlationIds)].flatMap((id) => this.table.rows.get(id) ?? []);
  }

  private oldestFirst(condition: (row: ProcessRecord) => boolean): ProcessRecord[] {
    return [...this.table.rows.values()].filter(condition).sort(byAge);
  }
}

/** An unfinished cancel stays due. */
function startEnded(row: ProcessRecord): Partial<ProcessRecord> {
  const isWished = row.cancelRequestedAt !== null && isReplaceable(row);
  return isWished ? { ...RESOLVED, startNextAt: inMs(CANCEL_DUE_MS) } : RESOLVED;
}

function isUnder(
  row: ProcessRecord,
  { claimId, startOwner, startFence }: Pick<ProcessRecord, 'claimId' | 'startOwner' | 'startFence'>,
): boolean {
  return (
    startOwner !== null &&
    row.claimId === claimId &&
    row.startOwner === startOwner &&
    (row.startFence ?? 0) === (startFence ?? 0)
  );
}

function byAge(
  a: Pick<ProcessRecord, 'startedAt' | 'correlationId'>,
  b: Pick<ProcessRecord, 'startedAt' | 'correlationId'>,
): number {
  return a.startedAt.getTime() - b.startedAt.getTime() || (a.correlationId < b.correlationId ? -1 : 1);
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}

function isOver(time: Date | null): boolean {
  return time !== null && time.getTime() <= Date.now();
}
