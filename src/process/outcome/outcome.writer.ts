import { Injectable } from '@nestjs/common';
import {
  type FinishedProcess,
  type Outcome,
  type ProcessChange,
  type ProcessRecord,
  ProcessStoreService,
  type UpdateResult,
  type WriteOptions,
} from '../../process-store/index.js';
import { WaitroomService } from '../../waitroom/index.js';
import { ProcessTrailService, type TrailEvent } from './process-trail.service.js';

/** What a writer decides on the current row: its outcome, with further columns, or why the row stays as it is. */
export type OutcomeDecision<R> =
  { readonly change: ProcessChange & { readonly outcome: Outcome } } | { readonly refuse: R };

/**
 * The row of the trail that an outcome writes. `step`: none, because the worker writes the row of the step that caused
 * the outcome.
 */
export type OutcomeEvent = ((record: ProcessRecord) => TrailEvent) | 'step';

/** How an outcome is written. */
export interface OutcomeOptions extends WriteOptions {
  /** The row to insert if the id is unknown; absent: nothing is inserted. */
  readonly insert?: FinishedProcess;
}

/**
 * The only writer of outcomes: a compare-and-set on the row, then the waiters, then the trail.
 *
 * Waiters receive only committed rows. Nothing else in process/ writes an outcome or ends a wait; the lint rules check it.
 */
@Injectable()
export class OutcomeWriter {
  constructor(
    private readonly store: ProcessStoreService,
    private readonly waitroom: WaitroomService,
    private readonly trail: ProcessTrailService,
  ) {}

  /**
   * Writes the outcome of a process if `decide` allows it.
   *
   * @param decide called with the current row, and again if another writer was faster
   * @param event written after the commit, with the same options
   * @returns `saved` once the outcome and its event are durable; otherwise the row that stands, or `unknown`
   * @throws DatabaseUnavailableError; the outcome may still commit
   */
  async write<R>(
    correlationId: string,
    decide: (record: ProcessRecord) => OutcomeDecision<R> | Promise<OutcomeDecision<R>>,
    event: OutcomeEvent,
    { insert, ...options }: OutcomeOptions = {},
  ): Promise<UpdateResult<R>> {
    let record = await this.store.remembered(correlationId);
    let isFresh = false;
    for (;;) {
      if (record === null) {
        if (insert === undefined) return { kind: 'unknown' };
        const inserted = await this.store.insertFinished(insert, options);
        if (inserted.kind === 'inserted') return this.saved(inserted.record, event, options);
        record = inserted.record;
        isFresh = true;
      }
      const decision = await decide(record);
      if ('refuse' in decision) {
        // What is remembered may be older than what another instance has answered.
        if (isFresh || this.store.isCurrent(record))
          return { kind: 'refused', reason: decision.refuse, record };
        isFresh = true;
        record = await this.store.get(correlationId);
        continue;
      }
      const result = await this.store.save(record, decision.change, options);
      if (result.saved) return this.saved(result.record, event, options);
      isFresh = true;
      record = result.record;
    }
  }

  /** Wakes the waiters of a process whose outcome another instance has committed. */
  wake(record: ProcessRecord): void {
    this.waitroom.completeWait(record.correlationId, record);
  }

  /**
   * Removes the claim of a refused start, which then has no outcome, and fails its waiters.
   *
   * @returns false if the claim stays, because another caller relies on it, its lease is lost or it is gone already
   */
  async releaseClaim(claim: ProcessRecord, error: Error): Promise<boolean> {
    if (!(await this.store.releaseClaim(claim))) return false;
    this.waitroom.failWait(claim.correlationId, error);
    return true;
  }

  private async saved(
    record: ProcessRecord,
    event: OutcomeEvent,
    options: WriteOptions,
  ): Promise<{ readonly kind: 'saved'; readonly record: ProcessRecord }> {
    this.wake(record);
    if (event !== 'step') await this.trail.log(record, event(record), options);
    return { kind: 'saved', record };
  }
}
