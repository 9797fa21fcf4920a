import { Inject, Injectable, Logger } from '@nestjs/common';
import { EngineCallError } from '../../camunda-engine/index.js';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import {
  isReplaceable,
  type ProcessRecord,
  ProcessStoreService,
  type WriteOptions,
} from '../../process-store/index.js';
import { ProcessTerminationService } from '../reconcile/process-termination.service.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import type { Requester } from './requester.js';
import { StartLauncherService } from '../launch/start-launcher.service.js';
import { withinTime } from '../../common/promises/index.js';

/** The client is told in time that the store does not answer, and a cancel may use the reserve. */
const WRITE_OF_CLIENT: WriteOptions = { useHeadroom: true, onTimeout: 'detach' };

/** What became of a cancellation; `record` is the row that stands. */
export type CancelResult =
  | { readonly kind: 'unknown' }
  /** The process is cancelled, by this call or by an earlier one. */
  | { readonly kind: 'cancelled'; readonly record: ProcessRecord }
  /** The engine is away: the wish is durable, and the reconciler carries it out. */
  | { readonly kind: 'deferred'; readonly record: ProcessRecord }
  /** The process has another outcome, which stays. */
  | { readonly kind: 'already-ended'; readonly record: ProcessRecord };

/** Cancels processes: the wish is durable first, then the instance is deleted, then the row gets its outcome. */
@Injectable()
export class ProcessCancelService {
  private readonly logger = new Logger('ProcessEnd');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly ender: ProcessTerminationService,
    private readonly launcher: StartLauncherService,
    private readonly trail: ProcessTrailService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /**
   * Cancels a process that is pending or an incident; a repeated cancel finds what the first one left.
   *
   * @param requester goes into the trail with the wish
   * @throws an error that is answered 503 where the store does not take the wish within `WRITE_WAIT_MS`: it may still be
   *   carried out
   */
  async cancel(correlationId: string, reason?: string, requester?: Requester): Promise<CancelResult> {
    const wish = await this.store.update(
      correlationId,
      (row) =>
        isReplaceable(row) ? { change: { cancelRequestedAt: new Date() } } : { refuse: 'has ended' as const },
      WRITE_OF_CLIENT,
    );
    if (wish.kind === 'unknown') return { kind: 'unknown' };
    if (wish.kind === 'refused') return ended(wish.record);
    await this.trail.log(
      wish.record,
      {
        stepName: 'cancel',
        status: 'ok',
        result: 'Cancellation requested',
        metadata: { reason: reason ?? null, requestedBy: requester ?? null },
      },
      WRITE_OF_CLIENT,
    );
    const row = await this.withInstance(wish.record);
    try {
      const final = await this.ender.finishCancel(row, reason, WRITE_OF_CLIENT);
      return final === null ? { kind: 'unknown' } : ended(final);
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      this.logger.warn({ msg: 'A cancel waits for the engine.', correlationId, err: error });
      return { kind: 'deferred', record: (await this.store.get(correlationId)) ?? row };
    }
  }

  /** The row with its instance, where a start in flight brings one soon. */
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
