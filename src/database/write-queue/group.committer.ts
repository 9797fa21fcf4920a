import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DatabaseConnection } from '../database.connection.js';
import type { SqlErrorKind, SqlExecutor } from '../sql.dialect.js';
import { batchesOf, type QueuedWrite, type WriteBatch } from './write-group.js';
import { WriteRefusedError } from './write-queue.errors.js';

/** How often a group is tried again before a row is blamed for a key that exists. */
const CONFLICT_TRIES = 8;

/** How often a group is tried again that meets what others write at the same time, and the longest wait between, in ms. */
const CONTENDED_TRIES = 40;
const CONTENDED_MAX_MS = 20;

/** Why a group was not written. */
interface Failure {
  readonly error: Error;
  readonly kind: SqlErrorKind;
}

/** Makes the writes of a group durable in one transaction, and finds the one that spoils it. */
export class GroupCommitter {
  private readonly logger = new Logger('WriteQueue');

  constructor(private readonly connection: DatabaseConnection) {}

  /**
   * Commits a group and settles each of its writes.
   *
   * A group that is refused is halved until the row is found, so that the others are written all the same.
   *
   * @param tries that met somebody else's write before
   * @param repeated an earlier attempt at this group failed, perhaps after its commit
   * @throws what the database said, where it is away; what is not settled then may be tried again
   */
  async commit(group: readonly QueuedWrite[], repeated: boolean, tries = 0): Promise<void> {
    const failure = await this.attempt(group, repeated);
    if (failure === null) return;
    const { error, kind } = failure;
    if (kind === 'unavailable') throw error;
    // Somebody else wrote at the same time: look again, some times, before a row is blamed or the database.
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

  /** @returns null if the group is committed and settled, else why the attempt failed */
  private async attempt(group: readonly QueuedWrite[], repeated: boolean): Promise<Failure | null> {
    const batches = batchesOf(group);
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
