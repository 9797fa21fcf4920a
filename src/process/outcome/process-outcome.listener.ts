import { Injectable, Logger } from '@nestjs/common';
import { type TaskOutcomeFacts, TaskOutcomeListener } from '../../camunda-worker/index.js';
import { isReplaceable, type Outcome, type ProcessRecord } from '../../process-store/index.js';
import { ownCodeOf, serviceOutcome } from './outcome.factory.js';
import { OutcomeWriter } from './outcome.writer.js';

/** Writes the outcomes that the workers detect: incidents, and BPMN errors that nothing catches. */
@Injectable()
export class ProcessOutcomeListener extends TaskOutcomeListener {
  private readonly logger = new Logger(ProcessOutcomeListener.name);

  constructor(private readonly outcomes: OutcomeWriter) {
    super();
  }

  /** A step has used up its retries: `error` / `INCIDENT`, open until an operator has repaired the instance. */
  override async incident(facts: TaskOutcomeFacts & { readonly error: string }): Promise<void> {
    await this.write(facts, serviceOutcome('incident', facts.error), isPending);
  }

  /** A BPMN error that nothing caught has ended the instance: `error` with the code of the BPMN error. */
  override async unhandledBpmnError(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<void> {
    const { errorMessage: error } = facts;
    const errorCode = ownCodeOf(facts.errorCode, { correlationId: facts.correlationId, logger: this.logger });
    await this.write(facts, { origin: 'bpmn-error', status: 'error', error, errorCode }, isReplaceable);
  }

  /** The worker writes the row of the step to the trail, so the outcome adds none. */
  private async write(
    facts: TaskOutcomeFacts,
    outcome: Outcome & { readonly status: 'error' },
    replaces: (record: ProcessRecord) => boolean,
  ): Promise<void> {
    const { correlationId } = facts;
    const result = await this.outcomes.write(
      correlationId,
      (record) =>
        replaces(record) && isOfThisProcess(record, facts)
          ? { change: { outcome, outcomeStep: facts.stepName } }
          : { refuse: 'has another outcome or is another process' },
      'step',
      { whenFull: 'wait' },
    );
    if (result.kind !== 'saved') return;
    const { errorCode } = outcome;
    this.logger.warn({ msg: 'A process ended in error.', correlationId, errorCode });
  }
}

function isPending(record: ProcessRecord): boolean {
  return record.status === 'pending';
}

/** A row that was not claimed here accepts any instance. Otherwise the traceability id identifies our instances. */
function isOfThisProcess(record: ProcessRecord, facts: TaskOutcomeFacts): boolean {
  return record.requestHash === null || record.traceabilityId === facts.traceabilityId;
}
