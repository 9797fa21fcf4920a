import { Injectable, Logger } from '@nestjs/common';
import { type TaskOutcomeFacts, TaskOutcomeListener } from '../../camunda-worker/index.js';
import {
  isReplaceable,
  type Outcome,
  type ProcessRecord,
  ProcessStoreService,
} from '../../process-store/index.js';
import { ownCodeOf, serviceOutcome } from '../outcome/outcome.factory.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';
import { InstanceResultService } from '../result/instance-result.service.js';
import { EndedInstanceService } from './ended-instance.service.js';

/** Writes the outcomes that the workers detect: incidents, and BPMN errors that nothing catches. */
@Injectable()
export class ProcessOutcomeListener extends TaskOutcomeListener {
  private readonly logger = new Logger(ProcessOutcomeListener.name);

  constructor(
    private readonly outcomes: OutcomeWriter,
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly results: InstanceResultService,
    private readonly endedInstances: EndedInstanceService,
  ) {
    super();
  }

  /** A step may have been the last one of a process whose result comes from the engine. */
  override completed({ correlationId, processDefinitionKey }: TaskOutcomeFacts): void {
    if (!this.results.expectsCompletion(processDefinitionKey)) this.waits.hint(correlationId);
  }

  /** A step has used up its retries: `error` / `INCIDENT`, open until an operator has repaired the instance. */
  override async incident(facts: TaskOutcomeFacts & { readonly error: string }): Promise<void> {
    await this.write(facts, serviceOutcome('incident', facts.error), isPending);
  }

  /**
   * The instance is gone after a BPMN error. If no step completes the process, its history shows whether the error was
   * caught; otherwise nothing caught it, and the outcome has its code.
   */
  override async unhandledBpmnError(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<void> {
    if (!this.results.expectsCompletion(facts.processDefinitionKey) && (await this.settle(facts))) return;
    const { errorMessage: error } = facts;
    const errorCode = ownCodeOf(facts.errorCode, { correlationId: facts.correlationId, logger: this.logger });
    await this.write(facts, { origin: 'bpmn-error', status: 'error', error, errorCode }, isReplaceable);
  }

  /** @returns false if the process is not one of ours, or has an outcome */
  private async settle(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<boolean> {
    const { processInstanceId, errorCode: code, errorMessage: error } = facts;
    const record = await this.store.get(facts.correlationId);
    if (record === null || !isReplaceable(record) || !isOfThisProcess(record, facts)) return false;
    if ((record.processInstanceId ?? processInstanceId) !== processInstanceId) return false;
    return this.endedInstances.settle({
      record,
      processInstanceId,
      state: 'COMPLETED',
      bpmnError: { code, error },
    });
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
