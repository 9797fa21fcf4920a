/** An attempt of a step, or something that happened to a process, to be written to the trail. */
export interface NewEvent {
  readonly correlationId: string;
  readonly stepName: string;
  readonly status: 'ok' | 'error';
  /** Place in the process's list of steps, from 1; 0 for what is no step. */
  readonly step?: number | null;
  readonly httpMethod?: string | null;
  readonly endpoint?: string | null;
  readonly httpStatusCode?: number | null;
  /** JSON values, as the next; secrets are redacted and large ones cut before they are written. */
  readonly requestData?: unknown;
  readonly responseData?: unknown;
  readonly errorMessage?: string | null;
  readonly batchId?: string | null;
  readonly traceabilityId?: string | null;
  readonly applicationId?: string | null;
  readonly targetSystem?: string | null;
  readonly originatingSystem?: string | null;
  readonly processName?: string | null;
  readonly identifiers?: unknown;
  /** A sentence for people. */
  readonly result?: string | null;
  readonly metadata?: unknown;
  /** Milliseconds. */
  readonly executionTime?: number | null;
  /** Now where absent. */
  readonly createdAt?: Date;
}

/** An event as the trail holds it; JSON columns are parsed. */
export interface StoredEvent {
  readonly id: string;
  readonly correlationId: string;
  /** Place in the trail of the process, from 1 without gaps. */
  readonly seq: number;
  readonly eventKey: string;
  readonly stepName: string;
  readonly status: string;
  readonly httpMethod: string | null;
  readonly endpoint: string | null;
  readonly requestData: unknown;
  readonly responseData: unknown;
  readonly errorMessage: string | null;
  readonly httpStatusCode: number | null;
  readonly batchId: string | null;
  readonly traceabilityId: string | null;
  readonly applicationId: string | null;
  readonly targetSystem: string | null;
  readonly originatingSystem: string | null;
  readonly processName: string | null;
  readonly step: number | null;
  readonly identifiers: unknown;
  readonly result: string | null;
  readonly metadata: unknown;
  readonly executionTime: number | null;
  readonly createdAt: Date;
}

/** What tells the attempts of a step apart. */
export type StepAttempt = Pick<StoredEvent, 'seq' | 'status' | 'errorMessage' | 'createdAt'>;

/** An event whose values are as the columns take them; all but `seq`. */
export interface EventRow {
  readonly correlationId: string;
  readonly eventKey: string;
  readonly createdAt: Date;
  /** Values of {@link EVENT_COLUMNS}, in their order. */
  readonly values: readonly (string | number | null)[];
}
