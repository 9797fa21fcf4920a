import type { ProcessChange, ProcessRecord } from './process-record.js';

/** A new row. `record` has no lease: the clock of the database sets it. */
export interface InsertProcess {
  readonly type: 'insert';
  readonly record: ProcessRecord;
  /** JSON text of the variables of the start, until it is done. */
  readonly variables: string | null;
  /** Null: the row is not a claim, and nothing is started. */
  readonly leaseMs: number | null;
}

/** A change that is written only if the row still has the same claim and version (compare-and-set). */
export interface UpdateProcess {
  readonly type: 'update';
  readonly correlationId: string;
  readonly claimId: string;
  readonly expectedVersion: number;
  readonly change: ProcessChange;
  readonly at: Date;
}

export type ProcessWrite = InsertProcess | UpdateProcess;

/** Whether the write was made, and the current row; null if there is none. */
export interface ProcessWriteResult {
  readonly written: boolean;
  readonly record: ProcessRecord | null;
}

/** The id of the row of a write. */
function idOf(write: ProcessWrite): string {
  return write.type === 'insert' ? write.record.correlationId : write.correlationId;
}

/**
 * Sorts writes by their ids, so that all instances lock rows in the same order and do not deadlock. The order of the
 * writes of one id stays.
 */
export function inLockOrder(writes: readonly ProcessWrite[]): readonly ProcessWrite[] {
  return writes
    .map((write) => ({ write, id: idOf(write) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ write }) => write);
}

/** True if the row is the result of this update. */
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
 * Splits writes into runs in which all inserts may go first. An insert after an update of the same id begins a new run,
 * because it must find the updated row.
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
