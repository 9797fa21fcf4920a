import type { WriteKind } from '../database/index.js';
import type { ProcessCache } from './process-cache.js';
import type { ProcessRecord } from './process-record.js';
import type { ProcessStoreRepository, ProcessWrite, ProcessWriteResult } from './process-store.repository.js';

/** What the write queue writes to `process_store`. */
export interface ProcessStoreWrites {
  readonly upsert: WriteKind<ProcessWrite, ProcessWriteResult>;
  readonly started: WriteKind<{ correlationId: string; instanceId: string }, ProcessRecord | null>;
  readonly joined: WriteKind<{ correlationId: string }, ProcessRecord | null>;
  readonly release: WriteKind<{ correlationId: string; claimId: string }, boolean>;
  readonly endPending: WriteKind<{ error: string }, number>;
}

/** Makes the write kinds; each puts what it committed into the Map, in the order of the queue. */
export function processStoreWrites(
  repository: ProcessStoreRepository,
  cache: ProcessCache,
): ProcessStoreWrites {
  return {
    upsert: {
      name: 'process_store',
      write: (sql, items, repeated) => repository.upsertProcessStore(sql, items, repeated),
      committed: (item, { record }) => {
        if (record !== null) cache.put(record);
        else if (item.type === 'update') cache.delete(item.correlationId);
      },
    },
    started: {
      name: 'process_store started',
      write: (sql, items) =>
        inOrder(items, (item) => repository.noteStarted(sql, item.correlationId, item.instanceId)),
      committed: (_item, record) => {
        if (record !== null) cache.refresh(record);
      },
    },
    joined: {
      name: 'process_store joined',
      write: (sql, items) => inOrder(items, (item) => repository.markJoined(sql, item.correlationId)),
      committed: (item, record) => {
        if (record === null) cache.delete(item.correlationId);
        else cache.put(record);
      },
    },
    release: {
      name: 'process_store release',
      write: (sql, items, repeated) =>
        inOrder(items, (item) => repository.releaseClaim(sql, item.correlationId, item.claimId, repeated)),
      committed: (item, released) => {
        if (released) cache.delete(item.correlationId);
      },
    },
    endPending: {
      name: 'process_store end',
      write: (sql, items) => inOrder(items, (item) => repository.endPending(sql, item.error, new Date())),
    },
  };
}

/** Statements of one transaction run one after the other. */
async function inOrder<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}
