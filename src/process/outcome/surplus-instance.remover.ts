import { Injectable, Logger } from '@nestjs/common';
import { EngineInstancesClient } from '../../camunda-engine/index.js';
import { type OutcomeOrigin, type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { ProcessTrailService } from './process-trail.service.js';

/** When a surplus instance that could not be deleted is looked for again, in ms. */
const AGAIN_MS = 2_000;

/** Outcomes after which no instance of the process may go on running. */
const UNWANTED: ReadonlySet<OutcomeOrigin | null> = new Set(['cancel', 'expiry', 'start-rejected']);

/** Deletes instances in the engine that a row does not want. */
@Injectable()
export class SurplusInstanceRemover {
  private readonly logger = new Logger('ProcessStart');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engineInstances: EngineInstancesClient,
    private readonly trail: ProcessTrailService,
  ) {}

  /** True where the row has another instance, or a wish or an end that wants none. */
  isSurplus(row: ProcessHead, processInstanceId: string): boolean {
    return (
      row.processInstanceId !== processInstanceId ||
      row.cancelRequestedAt !== null ||
      UNWANTED.has(row.outcomeOrigin)
    );
  }

  /** Deletes the instance where it is surplus; one that cannot be deleted now falls due for the reconciler. */
  async removeUnlessWanted(row: ProcessHead, processInstanceId: string): Promise<void> {
    if (this.isSurplus(row, processInstanceId)) await this.remove(row, processInstanceId);
  }

  /** Deletes an instance; true where it is gone. */
  async remove(row: ProcessHead, processInstanceId: string): Promise<boolean> {
    const { correlationId } = row;
    try {
      const end = await this.engineInstances.deleteProcessInstance(processInstanceId);
      if (end === 'deleted') {
        this.logger.warn({
          msg: 'An instance that is not wanted was deleted.',
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
        msg: 'An instance that is not wanted could not be deleted; it is tried again.',
        correlationId,
        processInstanceId,
        err: error,
      });
      await this.store.reopenStart(correlationId, AGAIN_MS);
      return false;
    }
  }
}
