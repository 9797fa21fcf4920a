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

/** What a cancel says where nobody gave a reason. */
const CANCELLED = 'The process was cancelled.';

/** An end that the service itself brings about or sees in the engine. */
export interface ServiceEnd {
  readonly origin: Exclude<ServiceOrigin, 'start-rejected'>;
  readonly error: string;
  /** Which step of the trail tells it. */
  readonly stepName: string;
  readonly result: string;
}

/** Ends processes from outside: the instance goes first, then the row gets its outcome, then the waiters are woken. */
@Injectable()
export class ProcessTerminationService {
  private readonly logger = new Logger('ProcessEnd');

  constructor(
    private readonly outcomes: OutcomeWriter,
    private readonly engineInstances: EngineInstancesClient,
    private readonly trail: ProcessTrailService,
  ) {}

  /**
   * Carries out a wish to cancel that the row holds.
   *
   * @param reason what the client gave; where absent, the trail is asked
   * @param options how its writes are queued
   * @returns the row that stands, whoever won; null where there is none
   * @throws EngineCallError where the instance could not be deleted: the row is unchanged
   */
  async finishCancel(
    record: ProcessIdentity,
    reason?: string,
    options: WriteOptions = {},
  ): Promise<ProcessRecord | null> {
    await this.deleteInstance(record);
    const error = reason ?? (await this.trail.cancelReason(record.correlationId)) ?? CANCELLED;
    const end = { origin: 'cancel', error, stepName: 'cancel', result: 'Process cancelled' } as const;
    return this.end(record, end, options);
  }

  /**
   * Ends a process that has run out of its time.
   *
   * @returns the row that stands, whoever won; null where there is none
   * @throws EngineCallError where the instance could not be deleted: the row is unchanged
   */
  async expire(record: ProcessIdentity, error: string): Promise<ProcessRecord | null> {
    await this.deleteInstance(record);
    return this.end(record, { origin: 'expiry', error, stepName: 'expire', result: 'Process expired' });
  }

  /**
   * Gives a row that is pending or an incident its end, and wakes the waiters.
   *
   * @param options how its writes are queued
   * @returns the row that stands, whoever won; null where there is none
   */
  async end(
    record: ProcessIdentity,
    end: ServiceEnd,
    options: WriteOptions = {},
  ): Promise<ProcessRecord | null> {
    const { correlationId } = record;
    const { origin, error } = end;
    const outcome = serviceOutcome(origin, error);
    const result = await this.outcomes.write(
      correlationId,
      (row) =>
        isReplaceable(row) && row.outcomeOrigin !== origin && row.claimId === record.claimId
          ? {
              change: {
                outcome,
                outcomeStep: null,
                // A start that is not resolved goes on being resolved: its instance may still turn up.
                ...(row.processInstanceId === null && row.startNextAt !== null
                  ? {}
                  : { startResolved: true }),
              },
            }
          : { refuse: 'has another outcome' },
      ({ processInstanceId }) => ({
        stepName: end.stepName,
        status: 'error',
        errorMessage: error,
        result: end.result,
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
