import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DatabaseConnection } from '../database.connection.js';
import type { SqlErrorKind, SqlExecutor } from '../sql.dialect.js';
import { batchesOf, givenKeysLast, type QueuedWrite, type WriteBatch } from './write-group.js';
import { WriteRefusedError } from './write-queue.errors.js';

/** Retries of a group before an existing key counts as the fault of a row. */
const CONFLICT_TRIES = 8;

/** Retries of a group that conflicts with other writers, and the longest wait between two, in ms. */
const CONTENDED_TRIES = 40;
const CONTENDED_MAX_MS = 20;

/** The reason why a group was not written. */
interface Failure {
  readonly error: Error;
  readonly kind: SqlErrorKind;
}

/** Commits the writes of a group in one transaction, and isolates a write that the database refuses. */
export class GroupCommitter {
  private readonly logger = new Logger('WriteQueue');

  constructor(private readonly connection: DatabaseConnection) {}

  /**
   * Commits a group and settles each of its writes.
   *
   * A refused group is halved until the bad row is found, so that the others are still written.
   *
   * @param tries earlier tries that conflicted with another writer
   * @param repeated an earlier attempt at this group failed, possibly after its commit
   * @throws the error of the database if it is unavailable; writes that are not settled then may be retried
   */
  async commit(group: readonly QueuedWrite[], repeated: boolean, tries = 0): Promise<void> {
    const failure = await this.attempt(group, repeated);
    if (failure === null) return;
    const { error, kind } = failure;
    if (kind === 'unavailable') throw error;
    // A conflict with another writer: retry before a row or the database counts as the cause.
    if (tries < this.triesAfter(kind)) {
      if (tries > 0) await delay(Math.random() * CONTENDED_MAX_MS);
      await this.commit(group, true, tries + 1);
    } else if (kind === 'contended') {
      throw error;
    } else if (group.length > 1) {
      const middle = Math.ceil(group.length / 2);
      await this.commit(group.slice(0, middle), repeated, tries);
      await this.commit(group.slice(middle), repeated, tries);
    } else {
      for (const write of group) await this.refuse(write, error);
    }
  }

  private triesAfter(kind: SqlErrorKind): number {
    if (kind === 'contended') return CONTENDED_TRIES;
    if (kind !== 'conflict') return 0;
    return this.connection.dialect.exclusive ? 1 : CONFLICT_TRIES;
  }

  /** @returns null if the group is committed and settled, otherwise the reason of the failure */
  private async attempt(group: readonly QueuedWrite[], repeated: boolean): Promise<Failure | null> {
    const { exclusive } = this.connection.dialect;
    const batches = exclusive ? batchesOf(group) : givenKeysLast(batchesOf(group));
    let failed: WriteBatch['kind'] | null = null;
    const results = new Map<QueuedWrite, unknown>();
    const oneMessage =
      group.length <= this.connection.dialect.oneMessageWrites &&
      !repeated &&
      batches.every(({ kind }) => kind.oneMessage === true);
    const writeBatch = async (sql: SqlExecutor, { kind, writes }: WriteBatch): Promise<void> => {
      const items = writes.map(({ item }) => item);
      try {
        const ofBatch = await kind.write(sql, items, repeated);
        writes.forEach((write, index) => results.set(write, ofBatch[index]));
      } catch (error) {
        failed ??= kind;
        throw error;
      }
    };
    try {
      await this.connection.transaction(
        async (sql) => {
          if (oneMessage) await Promise.all(batches.map((batch) => writeBatch(sql, batch)));
          else for (const batch of batches) await writeBatch(sql, batch);
        },
        { oneMessage },
      );
    } catch (error) {
      for (const kind of new Set(batches.map((batch) => batch.kind))) kind.rolledBack?.();
      return this.failureOf(error instanceof Error ? error : new Error(String(error)), failed);
    }
    for (const write of group) write.kind.committed?.(write.item, results.get(write));
    for (const write of group) write.settle({ result: results.get(write) });
    return null;
  }

  private failureOf(error: Error, failed: WriteBatch['kind'] | null): Failure {
    const { dialect } = this.connection;
    const kind = dialect.errorKind(error);
    const isContended = kind === 'conflict' && failed?.givesKeys === true && !dialect.exclusive;
    return { error, kind: isContended ? 'contended' : kind };
  }

  private async refuse(write: QueuedWrite, error: unknown): Promise<void> {
    const { kind, correlationId } = write;
    this.logger.error({ msg: 'The database refuses a row.', kind: kind.name, correlationId, err: error });
    const replacement = write.replaced ? null : (kind.refused?.(write.item, error) ?? null);
    if (replacement === null) {
      write.settle({ error: new WriteRefusedError(kind.name, correlationId, error) });
      return;
    }
    write.item = replacement;
    write.replaced = true;
    await this.commit([write], false);
  }
}
