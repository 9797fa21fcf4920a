import type { Outcome, ProcessChange, ProcessRecord } from './process-record.js';

/** What a start stores before the engine is asked. */
export interface Claim {
  readonly correlationId: string;
  readonly processKey: string;
  /** JSON text. */
  readonly variables: string;
  readonly requestHash: string;
  /** UUID of this request. */
  readonly claimId: string;
  readonly batchId: string;
  readonly traceabilityId: string;
  readonly applicationId: string;
  /** Who may talk to the engine about the claim. */
  readonly owner: string;
  /** How long, in ms by the database's clock. */
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

/** Which row, and how it was when a change of it was decided. */
export type SeenRow = Pick<ProcessRecord, 'correlationId' | 'claimId' | 'version'>;

/** `record` is the row after the change, or the one that won; null where there is none. */
export type SaveResult =
  | { readonly saved: true; readonly record: ProcessRecord }
  | { readonly saved: false; readonly record: ProcessRecord | null };

/** What is to be done with a row: change it, or leave it for a reason. */
export type Decision<R> = { readonly change: ProcessChange } | { readonly refuse: R };

export type UpdateResult<R> =
  | { readonly kind: 'saved'; readonly record: ProcessRecord }
  | { readonly kind: 'refused'; readonly reason: R; readonly record: ProcessRecord }
  | { readonly kind: 'unknown' };

/** A row of which something in the engine is left to do. */
export interface DueStart {
  readonly correlationId: string;
  /** Of the variables of its start, as the database stores them; 0 where they are not needed any more. */
  readonly bytes: number;
}

/** A further attempt at a start, by the holder of its lease. */
export interface StartAttempt {
  readonly correlationId: string;
  readonly owner: string;
  /** How long the lease holds from now on, in ms. */
  readonly leaseMs: number;
  /** How long after the last attempt no other may be made, in ms, unless that one is known to have left nothing. */
  readonly settleMs: number;
}

/** When a row is looked at again, and what became of the attempt that its holder made. */
export interface StartSchedule {
  readonly correlationId: string;
  readonly owner: string;
  readonly nextInMs: number;
  /**
   * `none`: nothing was sent, and the attempt does not count. `rolled-back`: it counts, and left nothing. `ambiguous`:
   * the engine may have taken it. `unchanged`: none was made.
   */
  readonly attempt: 'none' | 'rolled-back' | 'ambiguous' | 'unchanged';
}
