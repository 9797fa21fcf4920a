/** A row of the trail as `event-log` accepts it; JSON values are serialised, redacted and truncated there. */
export interface TaskEvent {
  readonly correlationId: string;
  readonly stepName: string;
  readonly status: 'ok' | 'error';
  readonly step: number | null;
  readonly httpMethod: string | null;
  readonly endpoint: string | null;
  readonly httpStatusCode: number | null;
  readonly requestData: unknown;
  readonly responseData: unknown;
  readonly errorMessage: string | null;
  readonly batchId: string | null;
  readonly traceabilityId: string | null;
  readonly applicationId: string | null;
  readonly targetSystem: string;
  readonly originatingSystem: string;
  readonly processName: string;
  readonly identifiers: unknown;
  readonly result: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  readonly executionTime: number;
}

/** Port to the trail of steps; bound by the application. */
export abstract class TaskEventLog {
  /** Resolves when the row is durable, however long that takes; the outcome is reported to the engine only afterwards. */
  abstract append(event: TaskEvent): Promise<void>;
}
