import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import { EngineCallError } from '../../camunda-engine/index.js';
import { withinTime } from '../../common/promises/index.js';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import {
  isReplaceable,
  type ProcessRecord,
  ProcessStoreService,
  type WriteOptions,
} from '../../process-store/index.js';
import { StartLauncherService } from '../launch/start-launcher.service.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import { ProcessTerminationService } from '../reconcile/process-termination.service.js';
import { AccessibleProcessFinder } from './accessible-process.finder.js';
import type { Requester } from './requester.js';

/** A client gets an answer within `WRITE_WAIT_MS` even if the store does not answer; a cancel may use the headroom. */
const WRITE_OF_CLIENT: WriteOptions = { useHeadroom: true, onTimeout: 'detach' };

/** What became of a cancellation; `record` is the row that stands. */
export type CancelResult =
  /** No process has the id, or the caller may not cancel it. */
  | { readonly kind: 'unknown' }
  /** The process is cancelled, by this call or by an earlier one. */
  | { readonly kind: 'cancelled'; readonly record: ProcessRecord }
  /** The engine is away; the request is durable, and the reconciler carries it out. */
  | { readonly kind: 'deferred'; readonly record: ProcessRecord }
  /** The process has another outcome, which stays. */
  | { readonly kind: 'already-ended'; readonly record: ProcessRecord };

/** Cancels processes: stores the request first, then deletes the instance, then writes the outcome. */
@Injectable()
export class ProcessCancelService {
  private readonly logger = new Logger('ProcessEnd');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly finder: AccessibleProcessFinder,
    private readonly termination: ProcessTerminationService,
    private readonly launcher: StartLauncherService,
    private readonly trail: ProcessTrailService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /**
   * Cancels a pending or INCIDENT process; a repeated cancel continues the first one.
   *
   * @param requester written to the trail with the request
   * @param access the processes that the caller may cancel
   * @throws an error that is answered 503 if the store does not write the request within `WRITE_WAIT_MS`; the cancel may
   *   still be carried out
   */
  async cancel(
    correlationId: string,
    reason?: string,
    requester?: Requester,
    access = ProcessAccess.all,
  ): Promise<CancelResult> {
    if (!access.isAll && (await this.finder.find(correlationId, access)) === null) return { kind: 'unknown' };
    const request = await this.store.update(
      correlationId,
      (row) => {
        // The claim may have been removed since, and the id claimed by another caller.
        if (!access.allows(row)) return { refuse: 'is foreign' as const };
        return isReplaceable(row)
          ? { change: { cancelRequestedAt: this.store.now() } }
          : { refuse: 'has ended' as const };
      },
      WRITE_OF_CLIENT,
    );
    if (request.kind === 'unknown') return { kind: 'unknown' };
    if (request.kind === 'refused') {
      return request.reason === 'is foreign' ? { kind: 'unknown' } : ended(request.record);
    }
    await this.trail.log(
      request.record,
      {
        stepName: 'cancel',
        status: 'ok',
        result: 'Cancellation requested',
        metadata: { reason: reason ?? null, requestedBy: requester ?? null },
      },
      WRITE_OF_CLIENT,
    );
    const row = await this.withInstance(request.record);
    try {
      const final = await this.termination.finishCancel(row, reason, WRITE_OF_CLIENT);
      return final === null ? { kind: 'unknown' } : ended(final);
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      this.logger.warn({
        msg: 'A cancel waits for the engine; the reconciler carries it out.',
        correlationId,
        err: error,
      });
      return { kind: 'deferred', record: (await this.store.get(correlationId)) ?? row };
    }
  }

  /** The row with its instance, if a start in flight creates one soon. */
  private async withInstance(row: ProcessRecord): Promise<ProcessRecord> {
    const launch = this.launcher.running(row.correlationId);
    if (row.processInstanceId !== null || launch === undefined) return row;
    const end = await withinTime(launch, this.config.startAckTimeoutMs);
    return end?.kind === 'started' ? { ...row, processInstanceId: end.processInstanceId } : row;
  }
}

function ended(record: ProcessRecord): CancelResult {
  return { kind: record.outcomeOrigin === 'cancel' ? 'cancelled' : 'already-ended', record };
}
