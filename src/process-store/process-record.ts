import type { OutcomeOrigin, ProcessStatus } from './outcome-origin.js';
import type { ProcessRecord } from './process-store.columns.js';

export type { ProcessRecord };

/** How a process ended, and what set this outcome. */
export type Outcome = { readonly origin: OutcomeOrigin } & (
  | {
      readonly status: 'ok';
      /** JSON text, served unchanged. */
      readonly data: string | null;
    }
  | { readonly status: 'error'; readonly error: string; readonly errorCode: string | null }
);

/** The ids of a process that is pending or an incident. */
export type ProcessIdentity = Pick<
  ProcessRecord,
  'correlationId' | 'claimId' | 'processKey' | 'processInstanceId' | 'startedAt'
>;

/** A row without its long texts, for readers of many rows. */
export type ProcessHead = Omit<ProcessRecord, 'data' | 'error'>;

/** The part of a process that clients see. */
export type ShownProcess = Pick<
  ProcessRecord,
  'correlationId' | 'processKey' | 'status' | 'data' | 'error' | 'errorCode' | 'startedAt' | 'updatedAt'
>;

/** A change of a row; an absent member changes nothing. */
export interface ProcessChange {
  /** Changes `version` and `updatedAt` as well. */
  readonly outcome?: Outcome;
  /** The step that reports the outcome; ignored without `outcome`. */
  readonly outcomeStep?: string | null;
  /** Written only if the row has none. */
  readonly processInstanceId?: string;
  /** Written only if the row has none. The row is then due for the reconciler, in case the cancel is not finished. */
  readonly cancelRequestedAt?: Date;
  /** True if no work is left to do in the engine: the variables and the lease of the start are cleared. */
  readonly startResolved?: boolean;
  /** The change is written only if this lease of the start is still held. */
  readonly underLease?: Pick<ProcessRecord, 'claimId' | 'startOwner' | 'startFence'>;
}

/** Who may act on a row. */
export type ProcessOwnership = Pick<ProcessRecord, 'processKey' | 'owner'>;

/** Restricts a list to the processes that a caller may see. */
export interface ListRestriction {
  /** Only processes of these keys; absent: of all. */
  readonly processKeys?: readonly string[];
  /** Only processes of this owner; absent: of all. */
  readonly owner?: string;
}

/** Selects the rows of a list; newest first. */
export interface ProcessQuery extends ListRestriction {
  readonly status?: ProcessStatus;
  readonly processKey?: string;
  /** Inclusive. */
  readonly startedAfter?: Date;
  /** Exclusive. */
  readonly startedBefore?: Date;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Reads `data` as well; without it `data` is null, and only `hasData` says whether there is a result. */
  readonly includeData?: boolean;
  /** Limit for the long texts of a page, in bytes; a page has at least one item. */
  readonly maxBytes: number;
  /** Called with their size in bytes before they are read; throws if there is no room for them. */
  readonly reserve?: (bytes: number) => void;
}

export type ListedProcess = ShownProcess & {
  /** True if there is a result, even if `data` is left out. */
  readonly hasData: boolean;
};

export interface ProcessPage {
  readonly processes: readonly ListedProcess[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}
