import { Logger } from '@nestjs/common';
import {
  WriteQueueClosedError,
  WriteQueueFullError,
  WriteQueueService,
  WriteRefusedError,
  WriteWithdrawnError,
} from '../database/index.js';
import type { EventArchiveRepository, OldEvent } from '../event-log/index.js';
import type { ProcessMessageRepository } from '../process-message/index.js';
import type { OldProcess, ProcessArchiveRepository } from '../process-store/index.js';
import { BATCH_EVENTS, BATCH_PROCESSES, nextRemoval, ownersOf, partsOf, type Removal } from './removal.js';
import type { WorkLease } from '../work-lease/index.js';
import { RetentionInterruptedError, type RetentionPace } from './retention.pace.js';
import type { Removed, RetentionWriter } from './retention.writer.js';

/** Rows in one page. */
const PAGE_SIZE = 500;

/** Old events that one run may skip because their process has a row. */
const STAYING_EVENTS = 10_000;

/** Approximate size of a removal in the queue without its keys, and of each key, in bytes. */
const REMOVAL_BYTES = 512;
const KEY_BYTES = 128;

/** The counts of a run. */
export interface Tally {
  processes: number;
  events: number;
  batches: number;
}

/** The collaborators of a run. */
export interface RetentionTools {
  readonly processes: ProcessArchiveRepository;
  readonly messages: ProcessMessageRepository;
  readonly events: EventArchiveRepository;
  readonly queue: WriteQueueService;
  readonly writer: RetentionWriter;
  readonly pace: RetentionPace;
  readonly lease: WorkLease;
}

/** One run over all old rows. */
export class RetentionRun {
  private readonly logger = new Logger('Retention');

  /**
   * @param before rows whose last change was before this time are old
   * @param tally updated during the run, so that it is correct after an interruption too
   */
  constructor(
    private readonly tools: RetentionTools,
    private readonly before: Date,
    private readonly tally: Tally,
  ) {}

  /**
   * Removes the claims of old messages, oldest first. They are not archived, because the trails of their processes have the
   * messages.
   *
   * It runs before {@link removeProcesses}: a claim without its process would let a repeated message start another one.
   *
   * @throws RetentionInterruptedError if the service stops
   */
  async removeMessages(): Promise<void> {
    const { messages, pace } = this.tools;
    for (;;) {
      const ids = await messages.findOlderThan(this.before, PAGE_SIZE);
      if (ids.length > 0) {
        const began = performance.now();
        await this.repeated(() => messages.removeOld(ids, this.before, { signal: pace.signal }));
        await pace.rest(performance.now() - began);
      }
      if (ids.length < PAGE_SIZE) return;
    }
  }

  /**
   * Removes the old processes with their events, oldest first, batch by batch.
   *
   * @returns false if another instance has removed a whole batch: it runs as well, and one of the two is enough
   * @throws RetentionInterruptedError if the service stops
   */
  async removeProcesses(): Promise<boolean> {
    let after: OldProcess | null = null;
    for (;;) {
      const page: readonly OldProcess[] = await this.tools.processes.findOlderThan(
        this.before,
        after,
        PAGE_SIZE,
      );
      const removable = page.filter(({ isRemovable }) => isRemovable);
      if (!(await this.removeAll(removable.map(({ correlationId }) => correlationId)))) return false;
      after = page.at(-1) ?? null;
      if (page.length < PAGE_SIZE) return true;
      await this.tools.pace.rest();
    }
  }

  /**
   * Removes old events whose process has no row, oldest first.
   *
   * Skips the events of processes that stay, such as long-running ones. A run skips a limited number of them, and the
   * next run continues after them.
   *
   * @param after the place where the previous run stopped; null: from the beginning
   * @returns the place where the next run continues
   * @throws RetentionInterruptedError if the service stops
   */
  async removeOrphans(after: OldEvent | null): Promise<OldEvent | null> {
    const { events, processes, pace } = this.tools;
    let place = after;
    for (let staying = 0; staying < STAYING_EVENTS;) {
      const page = await events.findOlderThan(this.before, place, BATCH_EVENTS);
      const owners = new Set(page.map(({ correlationId }) => correlationId));
      const known = await processes.findExisting([...owners]);
      const orphans = page.filter(({ correlationId }) => !known.has(correlationId));
      if (orphans.length > 0) await this.write({ type: 'events', events: orphans });
      if (page.length < BATCH_EVENTS) return null;
      staying += page.length - orphans.length;
      place = page.at(-1) ?? null;
      await pace.rest();
    }
    return place;
  }

  private async removeAll(correlationIds: readonly string[]): Promise<boolean> {
    let left = correlationIds;
    while (left.length > 0) {
      const ids = left.slice(0, BATCH_PROCESSES);
      const removal = nextRemoval(ids, await this.tools.events.findPlaces(ids, BATCH_EVENTS + 1));
      const removed = await this.write(removal);
      if (removed?.found === 0) return false;
      // The rest of a long trail follows, unless the database refuses it.
      const isDone = removal.type !== 'trail' || removed === null;
      const done = new Set(isDone ? ownersOf(removal) : []);
      left = left.filter((id) => !done.has(id));
    }
    return true;
  }

  /**
   * Executes a removal, and pauses. One that the database refuses is split, so that a single bad row does not block the
   * others.
   *
   * @returns null if the database refused it
   */
  private async write(removal: Removal): Promise<Removed | null> {
    const began = performance.now();
    try {
      const removed = await this.enqueue(removal);
      this.tally.processes += removed.correlationIds.length;
      this.tally.events += removed.events;
      if (removed.found > 0) this.tally.batches += 1;
      await this.tools.pace.rest(performance.now() - began);
      return removed;
    } catch (error) {
      if (!(error instanceof WriteRefusedError)) throw error;
      const parts = partsOf(removal);
      if (parts.length === 0) {
        const [correlationId] = ownersOf(removal);
        const msg = 'Retention skips a process: the database refuses to move it.';
        this.logger.error({ msg, correlationId, err: error });
      }
      for (const part of parts) await this.write(part);
      return null;
    }
  }

  private async enqueue(removal: Removal): Promise<Removed> {
    const { queue, writer, pace } = this.tools;
    const item = { removal, before: this.before };
    const bytes = REMOVAL_BYTES + KEY_BYTES * ownersOf(removal).length;
    // No order with other writes is needed: each of them finds the row unchanged, or no row.
    return this.repeated(() =>
      queue.enqueue(writer, { correlationId: '', bytes, item }, { signal: pace.signal }),
    );
  }

  /** Enqueues a write while the lease is held, and again while the queue is full. @throws WorkLeaseLostError */
  private async repeated<T>(enqueue: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.tools.lease.assertHeld();
      try {
        return await enqueue();
      } catch (error) {
        if (error instanceof WriteWithdrawnError || error instanceof WriteQueueClosedError)
          throw new RetentionInterruptedError('The service stops.', { cause: error });
        if (!(error instanceof WriteQueueFullError)) throw error;
      }
      await this.tools.pace.rest();
    }
  }
}
