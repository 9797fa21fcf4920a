import type { ProcessChange, ProcessRecord } from './process-record.js';

/** A row that is new; `record` holds no lease, which the database's clock gives. */
export interface InsertProcess {
  readonly type: 'insert';
  readonly record: ProcessRecord;
  /** JSON text of the variables of the start, until it is done. */
  readonly variables: string | null;
  /** Null: the row is no claim, and nobody starts it. */
  readonly leaseMs: number | null;
}

/** A change that is made only where the row is still the one that was seen: of the same claim, and of its version. */
export interface UpdateProcess {
  readonly type: 'update';
  readonly correlationId: string;
  readonly claimId: string;
  readonly expectedVersion: number;
  readonly change: ProcessChange;
  readonly at: Date;
}

export type ProcessWrite = InsertProcess | UpdateProcess;

/** Whether the write was made, and the row as it is then; null where there is none. */
export interface ProcessWriteResult {
  readonly written: boolean;
  readonly record: ProcessRecord | null;
}

/** The id of the row that a write is about. */
function idOf(write: ProcessWrite): string {
  return write.type === 'insert' ? write.record.correlationId : write.correlationId;
}

/**
 * Sorts writes by their ids: instances that write to one table take its rows in the same order then, so that none waits
 * for another in a circle. The order of the writes of one id stays.
 */
export function inLockOrder(writes: readonly ProcessWrite[]): readonly ProcessWrite[] {
  return writes
    .map((write) => ({ write, id: idOf(write) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ write }) => write);
}

/** True where the row is what this update leaves, so that it was this update which won. */
export function isResultOf(
  { change, claimId, expectedVersion, at }: UpdateProcess,
  record: ProcessRecord,
): boolean {
  const { outcome } = change;
  return (
    outcome !== undefined &&
    record.claimId === claimId &&
    record.version === expectedVersion + 1 &&
    record.updatedAt.getTime() === at.getTime() &&
    record.status === outcome.status &&
    record.outcomeOrigin === outcome.origin &&
    record.outcomeStep === (change.outcomeStep ?? null) &&
    (outcome.status === 'ok'
      ? record.data === outcome.data
      : record.error === outcome.error && record.errorCode === outcome.errorCode)
  );
}

/**
 * Cuts writes into runs in which all inserts may go first: an insert that follows an update of the same id begins a
 * new run, because what it finds must be the updated row.
 */
export function insertsBeforeUpdates(writes: readonly ProcessWrite[]): ProcessWrite[][] {
  let run: ProcessWrite[] = [];
  const runs = [run];
  const updated = new Set<string>();
  for (const write of writes) {
    if (write.type === 'update') {
      updated.add(write.correlationId);
    } else if (updated.has(write.record.correlationId)) {
      run = [];
      runs.push(run);
      updated.clear();
    }
    run.push(write);
  }
  return runs;
}
