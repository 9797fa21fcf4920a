import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProcessAccess } from '../../auth/index.js';
import { EngineHistoryClient } from '../../camunda-engine/index.js';
import { FatalTaskError } from '../../camunda-worker/index.js';
import { jsonFormFault } from '../../common/json/index.js';
import { stepNameOf } from '../../common/process-definition/index.js';
import { PROCESS_CONFIG, type ProcessConfig } from '../../config/index.js';
import {
  type FinishedProcess,
  isFinal,
  isSameOutcome,
  type Outcome,
  type ProcessRecord,
  type WriteOptions,
} from '../../process-store/index.js';
import { ownCodeOf } from '../outcome/outcome.factory.js';
import { type OutcomeDecision, OutcomeWriter } from '../outcome/outcome.writer.js';
import { ProcessTrailService, type TrailEvent } from '../outcome/process-trail.service.js';
import { AccessibleProcessFinder } from './accessible-process.finder.js';
import type { Requester } from './requester.js';

/** The task of a handler of this service that completes a process. */
export interface CompletingTask {
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  /** Variable `traceability_id` of the process; null if it was started elsewhere. */
  readonly traceabilityId: string | null;
  readonly topic: string;
}

/** A completion by a handler or by HTTP. */
export type Completion = {
  readonly correlationId: string;
  /** Absent for a completion by HTTP, which is not checked against the instance. */
  readonly task?: CompletingTask;
  /** The caller of a completion by HTTP. */
  readonly requester?: Requester;
  /** The processes that the caller may complete; absent: all. */
  readonly access?: ProcessAccess;
} & (
  | { readonly status: 'ok'; readonly data?: unknown }
  | { readonly status: 'error'; readonly error?: string | undefined; readonly errorCode?: string | undefined }
);

/** The result of a completion; `record` is the row that stands. */
export type CompletionResult =
  /** The id is unknown and `COMPLETE_UNKNOWN` is `refuse`, or the caller may not complete the process. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'stored'; readonly record: ProcessRecord }
  | { readonly kind: 'duplicate'; readonly record: ProcessRecord }
  | {
      readonly kind: 'refused';
      readonly record: ProcessRecord;
      readonly reason: RefusedCompletion;
    };

/** Why a completion is refused: the process has another final outcome, or the task belongs to another instance. */
type RefusedCompletion = 'other-outcome' | 'other-instance';

const REFUSALS: Readonly<Record<RefusedCompletion, string>> = {
  'other-outcome': 'The process already has another outcome',
  'other-instance': 'The completion came from another process instance',
};

/**
 * A client gets an answer within `WRITE_WAIT_MS` even if the store does not answer. A completion may use the headroom,
 * because it frees memory.
 */
const WRITE_OF_CLIENT: WriteOptions = { useHeadroom: true, onTimeout: 'detach', deferrable: false };

/** A handler's result waits without a timeout; the lock of its task is extended meanwhile. */
const WRITE_OF_HANDLER: WriteOptions = { whenFull: 'wait', deferrable: false };

/** Writes the outcome of a process, once: the first final outcome wins. */
@Injectable()
export class ProcessCompletionService {
  private readonly logger = new Logger('ProcessEnd');

  constructor(
    private readonly outcomes: OutcomeWriter,
    private readonly finder: AccessibleProcessFinder,
    private readonly trail: ProcessTrailService,
    private readonly engineHistory: EngineHistoryClient,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
  ) {}

  /**
   * Stores the outcome, then wakes the waiters.
   *
   * An unknown id is stored as a process that was started elsewhere, unless the caller may complete only some processes. A completion by HTTP writes an event with its
   * caller. A refused completion writes an event and nothing else; a handler completes its task nevertheless. If the
   * store takes no writes, a handler waits, and a client gets an error after `WRITE_WAIT_MS`.
   *
   * @throws FatalTaskError for data that JSON cannot represent, with its path
   * @throws an error that is answered 503, if the store is away
   */
  async complete(completion: Completion): Promise<CompletionResult> {
    const { correlationId, task, access = ProcessAccess.all } = completion;
    if (!access.isAll && (await this.finder.find(correlationId, access)) === null) return { kind: 'unknown' };
    const outcome = this.outcomeOf(completion);
    const result = await this.outcomes.write(
      correlationId,
      (record) =>
        access.allows(record) ? this.decide(record, outcome, task) : { refuse: 'foreign' as const },
      task === undefined ? ({ status }) => completedByHttp(completion, outcome, status) : 'step',
      { ...writeOptions(completion), ...this.insertion(completion, outcome) },
    );
    if (result.kind === 'unknown') return { kind: 'unknown' };
    const { record } = result;
    if (result.kind === 'saved') return { kind: 'stored', record };
    const { reason } = result;
    // The claim was removed since, and another caller has claimed the id.
    if (reason === 'foreign') return { kind: 'unknown' };
    if (reason === 'same-outcome') return { kind: 'duplicate', record };
    await this.trail.log(record, refused(completion, outcome, record, reason), writeOptions(completion));
    return { kind: 'refused', record, reason };
  }

  private async decide(
    record: ProcessRecord,
    outcome: Outcome,
    task: CompletingTask | undefined,
  ): Promise<OutcomeDecision<'same-outcome' | RefusedCompletion>> {
    if (task !== undefined && !(await this.isSameProcess(record, task))) return { refuse: 'other-instance' };
    if (isFinal(record)) {
      return { refuse: isSameOutcome(record, outcome) ? 'same-outcome' : 'other-outcome' };
    }
    return {
      change:
        task === undefined
          ? { outcome, outcomeStep: null }
          : { outcome, outcomeStep: stepNameOf(task.topic), processInstanceId: task.processInstanceId },
    };
  }

  /** The row of a process that was started elsewhere. */
  private insertion(
    { correlationId, task, access = ProcessAccess.all }: Completion,
    outcome: Outcome,
  ): { readonly insert?: FinishedProcess } {
    if (task === undefined) {
      return this.config.completeUnknown === 'refuse' || !access.isAll
        ? {}
        : { insert: { correlationId, outcome } };
    }
    const { processDefinitionKey: processKey, processInstanceId, topic } = task;
    return {
      insert: { correlationId, outcome, processKey, processInstanceId, outcomeStep: stepNameOf(topic) },
    };
  }

  private outcomeOf(completion: Completion): Outcome {
    const { correlationId, task } = completion;
    const origin = task === undefined ? 'http' : 'step';
    if (completion.status === 'ok') {
      const { data = null } = completion;
      assertJson(data);
      return { origin, status: 'ok', data: JSON.stringify(data) };
    }
    const { error = 'The process ended in error.', errorCode = null } = completion;
    return {
      origin,
      status: 'error',
      error,
      errorCode: errorCode === null ? null : ownCodeOf(errorCode, { correlationId, logger: this.logger }),
    };
  }

  /**
   * Whether a task belongs to the process of this row. A row that was not claimed here accepts any task. Otherwise the
   * traceability ids must be equal, and a different instance must be one that the row's instance has called.
   */
  private async isSameProcess(record: ProcessRecord, task: CompletingTask): Promise<boolean> {
    if (record.requestHash === null) return true;
    if (record.traceabilityId !== task.traceabilityId) return false;
    if (record.processInstanceId === null || record.processInstanceId === task.processInstanceId) return true;
    const instance = await this.engineHistory.getHistoricInstance(task.processInstanceId);
    return instance?.rootProcessInstanceId === record.processInstanceId;
  }
}

function writeOptions({ task }: Completion): WriteOptions {
  return task === undefined ? WRITE_OF_CLIENT : WRITE_OF_HANDLER;
}

/** @throws FatalTaskError */
function assertJson(data: unknown): void {
  const fault = jsonFormFault(data);
  if (fault === null) return;
  const path = fault.path === '' ? 'data' : `data.${fault.path}`;
  throw new FatalTaskError(`The outcome cannot be kept: at "${path}" ${fault.reason}.`);
}

function completedByHttp(completion: Completion, outcome: Outcome, processStatus: string): TrailEvent {
  return {
    stepName: 'complete',
    status: 'ok',
    httpStatusCode: 200,
    requestData: requestOf(completion, outcome),
    result: 'Completed by HTTP',
    metadata: { processStatus, requestedBy: completion.requester ?? null },
  };
}

function refused(
  completion: Completion,
  outcome: Outcome,
  { status: processStatus }: ProcessRecord,
  reason: RefusedCompletion,
): TrailEvent {
  const message = REFUSALS[reason];
  return {
    stepName: 'complete',
    status: 'error',
    httpStatusCode: 409,
    requestData: requestOf(completion, outcome),
    errorMessage: message,
    result: 'Completion refused',
    metadata: {
      message,
      processStatus,
      ...(completion.task === undefined
        ? { requestedBy: completion.requester ?? null }
        : { processInstanceId: completion.task.processInstanceId }),
    },
  };
}

/** The request of a completion, as the trail shows it. */
function requestOf(completion: Completion, outcome: Outcome): Record<string, unknown> {
  if (completion.status === 'ok') return { status: 'ok', data: completion.data ?? null };
  const { error, errorCode } = outcome.status === 'error' ? outcome : { error: null, errorCode: null };
  return { status: 'error', error, errorCode };
}
