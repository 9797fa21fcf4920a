import type { SqlExecutor, WriteKind } from '../database/index.js';
import type { ProcessCache } from './process-cache.js';
import type { ProcessRecord } from './process-record.js';
import type { ProcessStartRepository } from './process-start.repository.js';
import type { ProcessStoreRepository } from './process-store.repository.js';
import type { StartAttempt, StartLease, StartSchedule } from './process-store.types.js';
import type { ProcessWrite, ProcessWriteResult } from './process-write.js';

/** The kinds of writes to `process_store`. */
export interface ProcessStoreWrites {
  readonly upsert: WriteKind<ProcessWrite, ProcessWriteResult>;
  readonly started: WriteKind<{ lease: StartLease; instanceId: string }, ProcessRecord | null>;
  readonly joined: WriteKind<{ correlationId: string }, ProcessRecord | null>;
  readonly release: WriteKind<{ lease: StartLease }, boolean>;
  readonly resolution: WriteKind<ResolutionWrite, ProcessRecord | null>;
  readonly voidLeases: WriteKind<{ forgetAttempts: boolean }, number>;
  readonly bringForward: WriteKind<{ atMostMs: number }, number>;
}

/** A change of the lease of a start. */
export type ResolutionWrite =
  | {
      readonly type: 'lease';
      readonly correlationId: string;
      readonly owner: string;
      readonly leaseMs: number;
    }
  | ({ readonly type: 'attempt' } & StartAttempt)
  | ({ readonly type: 'reschedule' } & StartSchedule)
  | { readonly type: 'resolve'; readonly lease: StartLease; readonly settleMs: number }
  | { readonly type: 'reopen'; readonly correlationId: string; readonly nextInMs: number };

/**
 * Creates the kinds of writes; each puts its committed rows into the Map, in the order of the queue.
 *
 * @param onOutcome called with each row whose outcome was committed; must not throw
 */
export function processStoreWrites(
  repository: ProcessStoreRepository,
  starts: ProcessStartRepository,
  cache: ProcessCache,
  onOutcome: (record: ProcessRecord) => void,
): ProcessStoreWrites {
  /** A kind whose writes are one statement each. */
  const single = <Item, Result>(
    name: string,
    write: (sql: SqlExecutor, item: Item, repeated: boolean) => Promise<Result>,
    committed?: (item: Item, result: Result) => void,
  ): WriteKind<Item, Result> => ({
    name: `process_store ${name}`,
    oneMessage: true,
    write: (sql, items, repeated) => Promise.all(items.map((item) => write(sql, item, repeated))),
    ...(committed === undefined ? {} : { committed }),
  });
  const refresh = (record: ProcessRecord | null): void => {
    if (record !== null) cache.refresh(record);
  };
  return {
    upsert: {
      name: 'process_store',
      oneMessage: true,
      write: (sql, items, repeated) => repository.upsertProcessStore(sql, items, repeated),
      committed: (item, { written, record }) => {
        if (record !== null) cache.put(record);
        else if (item.type === 'update') cache.delete(item.correlationId);
        const hasOutcome = item.type === 'update' ? item.change.outcome !== undefined : true;
        if (written && hasOutcome && record !== null && record.status !== 'pending') onOutcome(record);
      },
    },
    started: single(
      'started',
      (sql, { lease, instanceId }) => starts.noteStarted(sql, lease, instanceId),
      (_item, record) => {
        refresh(record);
      },
    ),
    joined: single(
      'joined',
      (sql, { correlationId }) => starts.markJoined(sql, correlationId),
      ({ correlationId }, record) => {
        if (record === null) cache.delete(correlationId);
        else cache.put(record);
      },
    ),
    release: single(
      'release',
      (sql, { lease }, repeated) => starts.releaseClaim(sql, lease, repeated),
      ({ lease }, released) => {
        if (released) cache.delete(lease.correlationId);
      },
    ),
    resolution: single(
      'resolution',
      (sql, item, repeated) => resolution(starts, sql, item, repeated),
      (_item, record) => {
        refresh(record);
      },
    ),
    voidLeases: single('leases', (sql, { forgetAttempts }) => starts.voidLeases(sql, forgetAttempts)),
    bringForward: single('due times', (sql, { atMostMs }) => starts.bringForward(sql, atMostMs)),
  };
}

function resolution(
  starts: ProcessStartRepository,
  sql: SqlExecutor,
  item: ResolutionWrite,
  repeated: boolean,
): Promise<ProcessRecord | null> {
  switch (item.type) {
    case 'lease':
      return starts.leaseStart(sql, item.correlationId, item.owner, item.leaseMs, repeated);
    case 'attempt':
      return starts.beginStartAttempt(sql, item, repeated);
    case 'reschedule':
      return starts.rescheduleStart(sql, item, repeated);
    case 'resolve':
      return starts.resolveStart(sql, item.lease, item.settleMs, repeated);
    case 'reopen':
      return starts.reopenStart(sql, item.correlationId, item.nextInMs);
  }
}
