import type { WriteKind } from './write-kind.js';

/** A write in the queue, and how to settle its promise. */
export interface QueuedWrite {
  readonly kind: WriteKind<unknown, unknown>;
  readonly correlationId: string;
  readonly bytes: number;
  readonly deferrable: boolean;
  item: unknown;
  /** True once its bytes are counted: a write with `whenFull: wait` may have to wait outside first. */
  admitted: boolean;
  /** True once a refused item was replaced by another. */
  replaced: boolean;
  settled: boolean;
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: Error }) => void;
}

/** Writes of one kind that are executed together. */
export interface WriteBatch {
  readonly kind: WriteKind<unknown, unknown>;
  readonly writes: QueuedWrite[];
}

/**
 * Sorts the writes of a group into batches of one kind, as few as the order within each correlation id allows.
 *
 * A write joins the last batch of its kind unless a later batch holds an earlier write of its id.
 */
export function batchesOf(writes: readonly QueuedWrite[]): WriteBatch[] {
  const batches: WriteBatch[] = [];
  const lastOfKind = new Map<WriteKind<unknown, unknown>, number>();
  const lastOfId = new Map<string, number>();
  for (const write of writes) {
    const earliest = lastOfId.get(write.correlationId) ?? 0;
    let place = lastOfKind.get(write.kind) ?? -1;
    const batch = batches[place];
    if (batch !== undefined && place >= earliest) {
      batch.writes.push(write);
    } else {
      place = batches.push({ kind: write.kind, writes: [write] }) - 1;
      lastOfKind.set(write.kind, place);
    }
    lastOfId.set(write.correlationId, place);
  }
  return batches;
}

/**
 * Puts the batches whose keys the database gives last, and keeps the order of the others.
 *
 * Another instance that gives a key of the same row meanwhile waits for the end of this transaction, so it should wait for
 * the commit alone. All batches are committed together, so that no reader sees their order.
 */
export function givenKeysLast(batches: readonly WriteBatch[]): WriteBatch[] {
  const isLast = ({ kind }: WriteBatch): boolean => kind.givesKeys === true;
  return [...batches.filter((batch) => !isLast(batch)), ...batches.filter(isLast)];
}
