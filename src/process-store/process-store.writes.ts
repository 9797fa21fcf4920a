import type { SqlExecutor, WriteKind } from '../database/index.js';
import type { ProcessCache } from './process-cache.js';
import type { ProcessRecord } from './process-record.js';
import type { ProcessStoreRepository } from './process-store.repository.js';
import type { StartAttempt, StartSchedule } from './process-store.types.js';
import type { ProcessWrite, ProcessWriteResult } from './process-write.js';

/** What the write queue writes to `process_store`. */
export interface ProcessStoreWrites {
  readonly upsert: WriteKind<ProcessWrite, ProcessWriteResult>;
  readonly started: WriteKind<{ correlationId: string; instanceId: string }, ProcessRecord | null>;
  readonly joined: WriteKind<{ correlationId: string }, ProcessRecord | null>;
  readonly release: WriteKind<{ correlationId: string; claimId: string }, boolean>;
  readonly resolution: WriteKind<ResolutionWrite, ProcessRecord | null>;
  readonly voidLeases: WriteKind<{ forgetAttempts: boolean }, number>;
  readonly bringForward: WriteKind<{ atMostMs: number }, number>;
}

/** A step of the resolution of a start. */
export type ResolutionWrite =
  | {
      readonly type: 'lease';
      readonly correlationId: string;
      readonly owner: string;
      readonly leaseMs: number;
    }
  | ({ readonly type: 'attempt' } & StartAttempt)
  | ({ readonly type: 'reschedule' } & StartSchedule)
  | { readonly type: 'resolve'; readonly correlationId: string }
  | { readonly type: 'reopen'; readonly correlationId: string; readonly nextInMs: number };

/** Makes the write kinds; each puts what it committed into the Map, in the order of the queue. */
export function processStoreWrites(
  repository: ProcessStoreRepository,
  cache: ProcessCache,
): ProcessStoreWrites {
  return {
    upsert: {
      name: 'process_store',
      atOnce: true,
      write: (sql, items, repeated) => repository.upsertProcessStore(sql, items, repeated),
      committed: (item, { record }) => {
        if (record !== null) cache.put(record);
        else if (item.type === 'update') cache.delete(item.correlationId);
      },
    },
    started: {
      name: 'process_store started',
      atOnce: true,
      write: (sql, items) =>
        Promise.all(items.map((item) => repository.noteStarted(sql, item.correlationId, item.instanceId))),
      committed: (_item, record) => {
        if (record !== null) cache.refresh(record);
      },
    },
    joined: {
      name: 'process_store joined',
      atOnce: true,
      write: (sql, items) => Promise.all(items.map((item) => repository.markJoined(sql, item.correlationId))),
      committed: (item, record) => {
        if (record === null) cache.delete(item.correlationId);
        else cache.put(record);
      },
    },
    release: {
      name: 'process_store release',
      atOnce: true,
      write: (sql, items, repeated) =>
        Promise.all(
          items.map((item) => repository.releaseClaim(sql, item.correlationId, item.claimId, repeated)),
        ),
      committed: (item, released) => {
        if (released) cache.delete(item.correlationId);
      },
    },
    resolution: {
      name: 'process_store resolution',
      atOnce: true,
      write: (sql, items) => Promise.all(items.map((item) => resolution(repository, sql, item))),
      committed: (_item, record) => {
        if (record !== null) cache.refresh(record);
      },
    },
    voidLeases: {
      name: 'process_store leases',
      atOnce: true,
      write: (sql, items) =>
        Promise.all(items.map((item) => repository.voidLeases(sql, item.forgetAttempts))),
    },
    bringForward: {
      name: 'process_store due times',
      atOnce: true,
      write: (sql, items) => Promise.all(items.map((item) => repository.bringForward(sql, item.atMostMs))),
    },
  };
}

function resolution(
  repository: ProcessStoreRepository,
  sql: SqlExecutor,
  item: ResolutionWrite,
): Promise<ProcessRecord | null> {
  switch (item.type) {
    case 'lease':
      return repository.leaseStart(sql, item.correlationId, item.owner, item.leaseMs);
    case 'attempt':
      return repository.beginStartAttempt(sql, item);
    case 'reschedule':
      return repository.rescheduleStart(sql, item);
    case 'resolve':
      return repository.resolveStart(sql, item.correlationId);
    case 'reopen':
      return repository.reopenStart(sql, item.correlationId, item.nextInMs);
  }
}
