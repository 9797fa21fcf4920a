import { Injectable, Logger } from '@nestjs/common';
import type { HistoricInstance } from '../../camunda-engine/index.js';
import {
  isReplaceable,
  type Outcome,
  type ProcessHead,
  ProcessStoreService,
} from '../../process-store/index.js';
import { OUTCOME_EVENTS } from '../outcome/outcome-events.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';
import { InstanceResultService, type UncaughtError } from '../result/instance-result.service.js';
import { EngineStepsService } from '../result/engine-steps.service.js';
import { EndDescriptionService } from './end-description.service.js';
import { ProcessTerminationService } from './process-termination.service.js';

/** An open process, and its instance that has ended. */
export interface EndedInstance {
  readonly record: ProcessHead;
  readonly processInstanceId: string;
  readonly state: HistoricInstance['state'];
  /** The BPMN error after which a worker of this service found the instance gone. */
  readonly bpmnError?: UncaughtError;
  /** True if the end is so long ago that no worker of this service reports it any more. */
  readonly graceIsOver?: boolean;
}

/** Writes the outcome of a process whose instance has ended in the engine while its row is open. */
@Injectable()
export class EndedInstanceService {
  private readonly logger = new Logger('EndedInstance');
  private readonly inProgress = new Map<string, Promise<boolean>>();

  constructor(
    private readonly store: ProcessStoreService,
    private readonly outcomes: OutcomeWriter,
    private readonly termination: ProcessTerminationService,
    private readonly results: InstanceResultService,
    private readonly steps: EngineStepsService,
    private readonly descriptions: EndDescriptionService,
  ) {}

  /**
   * Reads what the instance leaves behind, and writes it as the outcome if the process is still open.
   *
   * @returns false if a worker of this service is about to report the BPMN error that ended the instance: try again after
   *   the grace period
   * @throws EngineCallError, DatabaseUnavailableError: the row is unchanged, and the caller tries again
   */
  async settle(ended: EndedInstance): Promise<boolean> {
    const { processInstanceId } = ended;
    // Two watchers may find the same end; the second one waits for the first.
    const settled = (this.inProgress.get(processInstanceId) ?? Promise.resolve(true))
      .catch(() => false)
      .then(() => this.settleOne(ended));
    this.inProgress.set(processInstanceId, settled);
    try {
      return await settled;
    } finally {
      if (this.inProgress.get(processInstanceId) === settled) this.inProgress.delete(processInstanceId);
    }
  }

  private async settleOne({
    record,
    processInstanceId,
    state,
    bpmnError,
    graceIsOver = false,
  }: EndedInstance): Promise<boolean> {
    const { correlationId } = record;
    const row = this.store.peek(correlationId);
    if (row !== null && row.claimId === record.claimId && !isReplaceable(row)) return true;
    if (state === 'EXTERNALLY_TERMINATED') await this.settleDeleted(record);
    else if (state === 'COMPLETED') {
      const result = await this.results.read(correlationId, processInstanceId, bpmnError);
      if (
        result.kind === 'uncaught-elsewhere' &&
        !graceIsOver &&
        this.results.isDefinedHere(record.processKey)
      )
        return false;
      if (result.kind === 'unknown') await this.writeNoResult(record, processInstanceId, ` ${result.reason}`);
      else {
        await this.steps.log(record, result);
        await this.write(record, processInstanceId, result.outcome);
      }
    } else await this.writeNoResult(record, processInstanceId, '');
    return true;
  }

  private async settleDeleted(record: ProcessHead): Promise<void> {
    if (record.cancelRequestedAt !== null) {
      await this.termination.finishCancel(record);
      return;
    }
    await this.termination.writeOutcome(record, {
      origin: 'cancel',
      error: 'The process instance was deleted in the engine.',
      stepName: 'cancel',
      result: 'Instance deleted in the engine',
    });
  }

  private async writeNoResult(record: ProcessHead, id: string, reason: string): Promise<void> {
    this.logger.warn({
      msg: 'An instance has ended, and its result is not known.',
      correlationId: record.correlationId,
      processInstanceId: id,
    });
    await this.termination.writeOutcome(record, {
      origin: 'no-result',
      error: `${await this.descriptions.describeEnd(id)}${reason}`,
      stepName: 'end',
      result: 'Instance ended without a result',
    });
  }

  private async write(record: ProcessHead, processInstanceId: string, outcome: Outcome): Promise<void> {
    const { correlationId } = record;
    const written = await this.outcomes.write(
      correlationId,
      (row) =>
        isReplaceable(row) &&
        row.claimId === record.claimId &&
        (row.processInstanceId ?? processInstanceId) === processInstanceId
          ? { change: { outcome, outcomeStep: null, processInstanceId, startResolved: true } }
          : { refuse: 'has another outcome' },
      () => ({
        ...(outcome.status === 'ok' ? OUTCOME_EVENTS.engine : OUTCOME_EVENTS['bpmn-error']),
        errorMessage: outcome.status === 'error' ? outcome.error : null,
        result:
          outcome.status === 'ok'
            ? 'Instance ended; its result was read from the engine'
            : 'Instance ended in an error',
        metadata: {
          processInstanceId,
          ...(outcome.status === 'error' ? { errorCode: outcome.errorCode } : {}),
        },
      }),
    );
    if (written.kind === 'saved') {
      this.logger.debug({ msg: 'The outcome of a process was read from the engine.', correlationId });
    }
  }
}
