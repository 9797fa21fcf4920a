import { Injectable, Logger } from '@nestjs/common';
import { EngineInstancesClient } from '../../camunda-engine/index.js';
import { type OutcomeOrigin, type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { ProcessTrailService } from './process-trail.service.js';

/** When the reconciler retries a deletion that failed, in ms. */
const RETRY_MS = 2_000;

/** Origins of outcomes after which no instance of the process may continue. */
const UNWANTED: ReadonlySet<OutcomeOrigin | null> = new Set(['cancel', 'expiry', 'start-rejected']);

/** Deletes instances in the engine that are surplus to their row. */
@Injectable()
export class SurplusInstanceRemover {
  private readonly logger = new Logger('ProcessStart');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engineInstances: EngineInstancesClient,
    private readonly trail: ProcessTrailService,
  ) {}

  /** True if the row has another instance, a cancel request, or an outcome that allows no running instance. */
  isSurplus(row: ProcessHead, processInstanceId: string): boolean {
    return (
      row.processInstanceId !== processInstanceId ||
      row.cancelRequestedAt !== null ||
      UNWANTED.has(row.outcomeOrigin)
    );
  }

  /** Deletes the instance if it is surplus. If the deletion fails, the row falls due for the reconciler. */
  async removeIfSurplus(row: ProcessHead, processInstanceId: string): Promise<void> {
    if (this.isSurplus(row, processInstanceId)) await this.remove(row, processInstanceId);
  }

  /** Deletes an instance; true if it no longer exists. */
  async remove(row: ProcessHead, processInstanceId: string): Promise<boolean> {
    const { correlationId } = row;
    try {
      const result = await this.engineInstances.deleteProcessInstance(processInstanceId);
      if (result === 'deleted') {
        this.logger.warn({
          msg: 'Deleted a surplus process instance.',
          correlationId,
          processInstanceId,
        });
        await this.trail.log(row, {
          stepName: 'surplus',
          status: 'ok',
          result: 'Surplus instance deleted',
          metadata: { processInstanceId },
        });
      }
      return true;
    } catch (error) {
      this.logger.warn({
        msg: 'Could not delete a surplus process instance; the reconciler retries it.',
        correlationId,
        processInstanceId,
        err: error,
      });
      await this.store.reopenStart(correlationId, RETRY_MS);
      return false;
    }
  }
}
