import type { Outcome, ProcessChange, ProcessRecord } from './process-record.js';

/** What a start stores before the request to the engine. */
export interface Claim {
  readonly correlationId: string;
  readonly processKey: string;
  /** The name of the message that starts the process; null or absent: a start by key. */
  readonly startMessage?: string | null;
  /** JSON text. */
  readonly variables: string;
  readonly requestHash: string;
  /** UUID of this request. */
  readonly claimId: string;
  readonly batchId: string;
  readonly traceabilityId: string;
  readonly applicationId: string;
  readonly tenantId?: string | null;
  readonly versionTag?: string | null;
  /** Name of the principal that starts the process. */
  readonly owner?: string | null;
  /** Who may talk to the engine about the claim. */
  readonly startOwner: string;
  /** Duration of the lease in ms, by the clock of the database. */
  readonly leaseMs: number;
}

export interface ClaimResult {
  readonly kind: 'claimed' | 'exists';
  readonly record: ProcessRecord;
}

/** A process that was never claimed here and is finished already. */
export interface FinishedProcess {
  readonly correlationId: string;
  readonly outcome: Outcome;
  readonly outcomeStep?: string | null;
  readonly processKey?: string | null;
  readonly processInstanceId?: string | null;
  readonly batchId?: string | null;
  readonly traceabilityId?: string | null;
  readonly applicationId?: string | null;
}

export interface InsertResult {
  readonly kind: 'inserted' | 'exists';
  readonly record: ProcessRecord;
}

/** A row, with the version on which a change of it was decided. */
export type SeenRow = Pick<ProcessRecord, 'correlationId' | 'claimId' | 'version'>;

/** `record` is the row after the change, or the row that another change has left; null if there is none. */
export type SaveResult =
  | { readonly saved: true; readonly record: ProcessRecord }
  | { readonly saved: false; readonly record: ProcessRecord | null };

/** A decision about a row: change it, or refuse the change with a reason. */
export type Decision<R> = { readonly change: ProcessChange } | { readonly refuse: R };

export type UpdateResult<R> =
  | { readonly kind: 'saved'; readonly record: ProcessRecord }
  | { readonly kind: 'refused'; readonly reason: R; readonly record: ProcessRecord }
  | { readonly kind: 'unknown' };

/** A row with work left to do in the engine. */
export interface DueStart {
  readonly correlationId: string;
  /** Size of the variables of its start in the database; 0 once they are no longer needed. */
  readonly bytes: number;
}

/**
 * The lease of a start: who holds it, and its number, which no later holder has. A write that rests on it changes nothing
 * once the row has another number, for example because the holder was paused and its lease expired.
 */
export type StartLease = Pick<ProcessRecord, 'correlationId' | 'claimId' | 'startOwner' | 'startFence'>;

/** A further attempt at a start, by the holder of its lease. */
export interface StartAttempt {
  /** With the number of attempts that the holder has read in the row. */
  readonly lease: StartLease & Pick<ProcessRecord, 'startAttempts'>;
  /** Duration of the lease from now, in ms. */
  readonly leaseMs: number;
  /** Minimum time since the last attempt, in ms, unless that one is known to have left nothing in the engine. */
  readonly settleMs: number;
}

/** When a row is due again, and the result of the attempt that the holder of its lease made. */
export interface StartSchedule {
  readonly lease: StartLease;
  readonly nextInMs: number;
  /**
   * `none`: nothing was sent, and the attempt does not count. `rolled-back`: it counts, and left nothing in the engine.
   * `ambiguous`: the engine may have accepted it. `unchanged`: no attempt was made.
   */
  readonly attempt: 'none' | 'rolled-back' | 'ambiguous' | 'unchanged';
}
