import type { OutcomeOrigin, ProcessStatus } from './outcome-origin.js';
import type { ProcessRecord } from './process-store.columns.js';

export type { ProcessRecord };

/** How a process ended, and what ended it. */
export type Outcome = { readonly origin: OutcomeOrigin } & (
  | {
      readonly status: 'ok';
      /** JSON text, served unchanged. */
      readonly data: string | null;
    }
  | { readonly status: 'error'; readonly error: string; readonly errorCode: string | null }
);

/** Which process a row is about, of those that are pending or an incident. */
export type ProcessIdentity = Pick<
  ProcessRecord,
  'correlationId' | 'claimId' | 'processKey' | 'processInstanceId' | 'startedAt'
>;

/** A row without its long texts, as those read it who look at many. */
export type ProcessHead = Omit<ProcessRecord, 'data' | 'error'>;

/** What a client is shown of a process. */
export type ShownProcess = Pick<
  ProcessRecord,
  'correlationId' | 'processKey' | 'status' | 'data' | 'error' | 'errorCode' | 'startedAt' | 'updatedAt'
>;

/** A change of a row; what is absent stays. */
export interface ProcessChange {
  /** Changes what a client sees, and with it `version` and `updatedAt`. */
  readonly outcome?: Outcome;
  /** The step that reports the outcome; counts only with `outcome`. */
  readonly outcomeStep?: string | null;
  /** Written where the row has none. */
  readonly processInstanceId?: string;
  /** Written where the row has none; the row then falls due for the reconciler, in case nobody finishes the cancel. */
  readonly cancelRequestedAt?: Date;
  /** True where nothing is left to be done in the engine: the start and what it needs are forgotten. */
  readonly startResolved?: boolean;
}

/** Which rows a list shows; newest first. */
export interface ProcessQuery {
  readonly status?: ProcessStatus;
  readonly processKey?: string;
  /** Inclusive. */
  readonly startedAfter?: Date;
  /** Exclusive. */
  readonly startedBefore?: Date;
  readonly limit: number;
  /** What an earlier page gave as `nextCursor`. */
  readonly cursor?: string;
  /** Reads `data` as well; else it is null and `hasData` tells whether there is some. */
  readonly includeData?: boolean;
  /** What the long texts of a page may take together; a page has at least one item. */
  readonly maxBytes: number;
  /** Told what they take before they are read; throws where that is too much now. */
  readonly reserve?: (bytes: number) => void;
}

export type ListedProcess = ShownProcess & {
  /** Whether there is a result; `data` may be left out all the same. */
  readonly hasData: boolean;
};

export interface ProcessPage {
  readonly processes: readonly ListedProcess[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}
