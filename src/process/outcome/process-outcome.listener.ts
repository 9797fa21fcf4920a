import { Injectable, Logger } from '@nestjs/common';
import { type TaskOutcomeFacts, TaskOutcomeListener } from '../../camunda-worker/index.js';
import {
  isReplaceable,
  type Outcome,
  type ProcessRecord,
  ProcessStoreService,
} from '../../process-store/index.js';
import { WaitroomService } from '../../waitroom/index.js';
import { ownCodeOf, serviceOutcome } from './outcome.factory.js';

/** An end that the workers saw, and which states it may replace. */
interface SeenEnd {
  readonly outcome: Outcome & { readonly status: 'error' };
  readonly replaces: (record: ProcessRecord) => boolean;
}

/** Turns what the workers see of a process's end into its outcome, where nobody completes it. */
@Injectable()
export class ProcessOutcomeListener extends TaskOutcomeListener {
  private readonly logger = new Logger(ProcessOutcomeListener.name);

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waitroom: WaitroomService,
  ) {
    super();
  }

  /** A step has used up its retries: `error` / `INCIDENT`, open until an operator has repaired the instance. */
  override async incident(facts: TaskOutcomeFacts & { readonly error: string }): Promise<void> {
    await this.end(facts, { outcome: serviceOutcome('incident', facts.error), replaces: isPending });
  }

  /** A BPMN error that nothing caught has ended the instance: `error` with its code. */
  override async unhandledBpmnError(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<void> {
    const { errorMessage: error } = facts;
    const errorCode = ownCodeOf(facts.errorCode, { correlationId: facts.correlationId, logger: this.logger });
    await this.end(facts, {
      outcome: { origin: 'bpmn-error', status: 'error', error, errorCode },
      replaces: isReplaceable,
    });
  }

  private async end(facts: TaskOutcomeFacts, { outcome, replaces }: SeenEnd): Promise<void> {
    const { correlationId } = facts;
    const result = await this.store.update(
      correlationId,
      (record) =>
        replaces(record) && isOfThisProcess(record, facts)
          ? { change: { outcome, outcomeStep: facts.stepName } }
          : { refuse: 'has another outcome or is another process' },
      { whenFull: 'wait' },
    );
    if (result.kind !== 'saved') return;
    const { errorCode } = outcome;
    this.logger.warn({ msg: 'A process ended in error.', correlationId, errorCode });
    this.waitroom.completeWait(correlationId, result.record);
  }
}

function isPending(record: ProcessRecord): boolean {
  return record.status === 'pending';
}

/** A row that was not claimed here takes any instance; else the traceability id tells ours from a stranger's. */
function isOfThisProcess(record: ProcessRecord, facts: TaskOutcomeFacts): boolean {
  return record.requestHash === null || record.traceabilityId === facts.traceabilityId;
}
