import type { SqlValue } from '../common/columns/index.js';
import type { StoredEvent } from './event-log.columns.js';

export type { StoredEvent };

/** An attempt of a step, or another event of a process, to be written to the trail. `createdAt` is now if absent. */
export interface NewEvent extends Partial<
  Omit<StoredEvent, 'id' | 'correlationId' | 'seq' | 'eventKey' | 'stepName' | 'status'>
> {
  readonly correlationId: string;
  readonly stepName: string;
  readonly status: 'ok' | 'error';
  /** UUID that identifies the event: of several events with the same key, the first one is written. Random if absent. */
  readonly eventKey?: string;
}

/** What distinguishes the attempts of a step. */
export type StepAttempt = Pick<StoredEvent, 'seq' | 'status' | 'errorMessage' | 'createdAt'>;

/** An event as a row of `event_log`, without its place in the trail, which the database assigns. */
export interface EventRow {
  readonly correlationId: string;
  readonly eventKey: string;
  readonly createdAt: Date;
  /** The parameters of `VALUE_COLUMNS`, in their order. */
  readonly values: readonly SqlValue[];
}
