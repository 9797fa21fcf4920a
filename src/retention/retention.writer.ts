import { Inject, Injectable } from '@nestjs/common';
import { RETENTION_CONFIG, type RetentionConfig } from '../config/index.js';
import { DatabaseService, inBatches, type SqlExecutor, type WriteKind } from '../database/index.js';
import { EventArchiveRepository, type EventSelection } from '../event-log/index.js';
import { ProcessArchiveRepository, ProcessStoreService } from '../process-store/index.js';
import { ownersOf, type Removal } from './removal.js';

/** A removal, and the time before which rows count as old. */
interface RemovalWrite {
  readonly removal: Removal;
  readonly before: Date;
}

/** The result of a removal. */
export interface Removed {
  /** Removable processes that it found and locked; for an `events` removal the events without a process. */
  readonly found: number;
  /** The removed processes; their ids are free. */
  readonly correlationIds: readonly string[];
  /** The number of removed events. */
  readonly events: number;
}

/**
 * Moves or deletes rows, inside a transaction of the write queue.
 *
 * If a commit was in doubt, the repeated removal finds the processes gone and counts them as removed; their events are
 * missing in the report.
 */
@Injectable()
export class RetentionWriter implements WriteKind<RemovalWrite, Removed> {
  readonly name = 'retention';

  constructor(
    private readonly processes: ProcessArchiveRepository,
    private readonly events: EventArchiveRepository,
    private readonly store: ProcessStoreService,
    private readonly database: DatabaseService,
    @Inject(RETENTION_CONFIG) private readonly config: RetentionConfig,
  ) {}

  async write(
    sql: SqlExecutor,
    items: readonly RemovalWrite[],
    repeated: boolean,
  ): Promise<readonly Removed[]> {
    const results: Removed[] = [];
    for (const { removal, before } of items) results.push(await this.remove(sql, removal, before, repeated));
    return results;
  }

  committed(_item: RemovalWrite, { correlationIds }: Removed): void {
    for (const correlationId of correlationIds) this.store.remove(correlationId);
  }

  private async remove(
    sql: SqlExecutor,
    removal: Removal,
    before: Date,
    repeated: boolean,
  ): Promise<Removed> {
    if (removal.type === 'events') {
      const known = await this.processes.existing(sql, ownersOf(removal));
      const orphans = removal.events.filter(({ correlationId }) => !known.has(correlationId));
      if (orphans.length === 0) return { found: 0, correlationIds: [], events: 0 };
      const events = await this.removeEvents(sql, { eventKeys: orphans.map(({ eventKey }) => eventKey) });
      return { found: orphans.length, correlationIds: [], events };
    }
    // Every instance locks rows in the same order, so that two of them do not deadlock.
    const ids = [...ownersOf(removal)].sort();
    const correlationIds: string[] = [];
    let [found, events] = [0, 0];
    for (const batch of inBatches(ids, 1, this.database.dialect.maxParameters - 1)) {
      if (repeated && removal.type === 'processes') {
        // Removed by the earlier attempt; or by another instance, which is the same for the Map.
        const existing = await this.processes.existing(sql, batch);
        const gone = batch.filter((id) => !existing.has(id));
        found += gone.length;
        correlationIds.push(...gone);
      }
      const locked = await this.processes.lockRemovable(sql, batch, before);
      if (locked.length === 0) continue;
      found += locked.length;
      if (removal.type === 'trail') {
        const { throughSeq } = removal;
        events += await this.removeEvents(sql, { correlationIds: locked, throughSeq });
      } else {
        events += await this.removeEvents(sql, { correlationIds: locked });
        await this.removeProcesses(sql, locked);
        correlationIds.push(...locked);
      }
    }
    return { found, correlationIds, events };
  }

  private async removeEvents(sql: SqlExecutor, selection: EventSelection): Promise<number> {
    const isArchived = this.config.mode === 'archive';
    const [, removed] = await Promise.all([
      isArchived ? this.events.archive(sql, selection, this.database.now()) : undefined,
      this.events.remove(sql, selection, isArchived),
    ]);
    return removed;
  }

  private async removeProcesses(sql: SqlExecutor, correlationIds: readonly string[]): Promise<void> {
    const isArchived = this.config.mode === 'archive';
    await Promise.all([
      isArchived ? this.processes.archive(sql, correlationIds, this.database.now()) : undefined,
      this.processes.remove(sql, correlationIds),
    ]);
  }
}
