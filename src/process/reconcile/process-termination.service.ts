import { Injectable, Logger } from '@nestjs/common';
import { EngineInstancesClient } from '../../camunda-engine/index.js';
import {
  isReplaceable,
  type ProcessIdentity,
  type ProcessRecord,
  type ServiceOrigin,
  type WriteOptions,
} from '../../process-store/index.js';
import { serviceOutcome } from '../outcome/outcome.factory.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';

/** The error of a cancelled process without a reason. */
const CANCELLED = 'The process was cancelled.';

/** An outcome that the service itself causes or detects in the engine. */
export interface ServiceOutcome {
  readonly origin: Exclude<ServiceOrigin, 'start-rejected'>;
  readonly error: string;
  /** Step name and result of its event in the trail. */
  readonly stepName: string;
  readonly result: string;
}

/** Ends processes from outside: deletes the instance first, then writes the outcome. */
@Injectable()
export class ProcessTerminationService {
  private readonly logger = new Logger('ProcessEnd');

  constructor(
    private readonly outcomes: OutcomeWriter,
    private readonly engineInstances: EngineInstancesClient,
    private readonly trail: ProcessTrailService,
  ) {}

  /**
   * Carries out the cancel request of a row.
   *
   * @param reason the client's reason; if absent, it is read from the trail
   * @param options how its writes are queued
   * @returns the row that stands, perhaps with the outcome of another writer; null if there is none
   * @throws EngineCallError if the instance could not be deleted; the row is then unchanged
   */
  async finishCancel(
    record: ProcessIdentity,
    reason?: string,
    options: WriteOptions = {},
  ): Promise<ProcessRecord | null> {
    await this.deleteInstance(record);
    const error = reason ?? (await this.trail.cancelReason(record.correlationId)) ?? CANCELLED;
    const outcome = { origin: 'cancel', error, stepName: 'cancel', result: 'Process cancelled' } as const;
    return this.writeOutcome(record, outcome, options);
  }

  /**
   * Ends a process that exceeded its maximum duration.
   *
   * @returns the row that stands, perhaps with the outcome of another writer; null if there is none
   * @throws EngineCallError if the instance could not be deleted; the row is then unchanged
   */
  async expire(record: ProcessIdentity, error: string): Promise<ProcessRecord | null> {
    await this.deleteInstance(record);
    return this.writeOutcome(record, {
      origin: 'expiry',
      error,
      stepName: 'expire',
      result: 'Process expired',
    });
  }

  /**
   * Writes the terminal outcome of a pending or INCIDENT row.
   *
   * @param options how its writes are queued
   * @returns the row that stands, perhaps with the outcome of another writer; null if there is none
   */
  async writeOutcome(
    record: ProcessIdentity,
    { origin, error, stepName, result: sentence }: ServiceOutcome,
    options: WriteOptions = {},
  ): Promise<ProcessRecord | null> {
    const { correlationId } = record;
    const outcome = serviceOutcome(origin, error);
    const result = await this.outcomes.write(
      correlationId,
      (row) =>
        isReplaceable(row) &&
        row.outcomeOrigin !== origin &&
        row.claimId === record.claimId &&
        // An instance that appeared since is not deleted yet; the next round ends the process with it. A cancelled row
        // has no such case, because the writer that notes the instance sees the request.
        (origin !== 'expiry' || row.processInstanceId === record.processInstanceId)
          ? {
              change: {
                outcome,
                outcomeStep: null,
                // The instance of an unresolved start may still appear in the engine, so the reconciler continues.
                ...(row.processInstanceId === null && row.startNextAt !== null
                  ? {}
                  : { startResolved: true }),
              },
            }
          : { refuse: 'has another outcome' },
      ({ processInstanceId }) => ({
        stepName,
        status: 'error',
        errorMessage: error,
        result: sentence,
        metadata: { errorCode: outcome.errorCode, processInstanceId },
      }),
      options,
    );
    if (result.kind === 'unknown') return null;
    if (result.kind === 'saved') {
      const { errorCode } = outcome;
      this.logger.warn({ msg: 'A process was ended.', correlationId, errorCode });
    }
    return result.record;
  }

  private async deleteInstance({ processInstanceId }: ProcessIdentity): Promise<void> {
    if (processInstanceId !== null) await this.engineInstances.deleteProcessInstance(processInstanceId);
  }
}
