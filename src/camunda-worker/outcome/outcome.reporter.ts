import { Inject, Injectable, Optional } from '@nestjs/common';
import { EngineInstancesClient, OwnBpmnModels } from '../../camunda-engine/index.js';
import { Redactor } from '../../common/redaction/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  REDACTION_CONFIG,
  type RedactionConfig,
} from '../../config/index.js';
import { describeRefusal } from './refusal-message.js';
import { type FinishedOutcome, isFinished, storedOutcomeOf, toOutcomeVariable } from './stored-outcome.js';
import { UnreportedOutcomes } from './unreported-outcomes.js';
import { DueRetryPoller } from './due-retry.poller.js';
import type { RunningTask } from '../task/running-task.js';
import { createCallFailedEvent } from './task-event.factory.js';
import { TaskEventLog } from './task-event.log.js';
import { type TaskOutcome, toErrorOutcome } from './task-outcome.mapper.js';
import { type TaskOutcomeFacts, TaskOutcomeListener } from './task-outcome.listener.js';
import { OutcomeRefusedError } from '../task/task.errors.js';
import { sendOutcome, type SendResult } from './outcome.sender.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';

/** For clients and operators; follows the reason of the refusal. */
const KEPT_IN_MEMORY =
  'The engine did not store the outcome of the step, so it is kept in memory only: after a restart of the service the step runs again.';

/** How long the reporter may try. */
export interface ReportLimits {
  /** When the lock ends, on the clock of `performance.now()`. */
  readonly heldUntil: number;
  /** Aborts when the service stops and can wait no longer. */
  readonly giveUp: AbortSignal;
}

/**
 * Reports the outcomes of tasks to the engine, and passes incidents and uncaught BPMN errors to the listener.
 *
 * If the engine refuses the outcome of finished work, the work is not repeated: the task fails with its outcome stored
 * beside it. Each retry only reports that outcome again, until the engine accepts it or the retries are used up.
 */
@Injectable()
export class OutcomeReporter {
  private readonly unreported = new UnreportedOutcomes();
  private readonly redactor: Redactor;

  constructor(
    private readonly events: TaskEventLog,
    private readonly engineInstances: EngineInstancesClient,
    private readonly retries: DueRetryPoller,
    private readonly models: OwnBpmnModels,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Inject(REDACTION_CONFIG) redaction: RedactionConfig,
    @Optional() @Inject(TaskOutcomeListener) private readonly listener?: TaskOutcomeListener,
  ) {
    this.redactor = new Redactor(redaction);
  }

  /** The outcome of a task whose work was finished by an earlier delivery; null: the handler has to run. */
  finishedOutcomeOf(task: RunningTask): FinishedOutcome | null {
    const stored = storedOutcomeOf(task);
    if (stored === null) return this.unreported.of(task.taskId);
    // The stored one counts: an operator may have changed it, and may delete it later.
    this.unreported.forget(task.taskId);
    return stored;
  }

  /** Reports an outcome whose trail row is durable; rejects if a further row cannot be written. */
  async report(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    limits: ReportLimits,
  ): Promise<void> {
    const began = performance.now();
    const sent = await sendOutcome(task, outcome, limits.heldUntil, limits.giveUp);
    if (sent.result === 'suspended') {
      await this.storeForResumption(task, outcome, sent.error);
      return;
    }
    if (sent.result === 'refused' || sent.result === 'unreachable') {
      const durationMs = Math.round(performance.now() - began);
      // The task may be delivered again without a stored outcome, although its work is done.
      if (isFinished(outcome)) this.unreported.add(task.taskId, outcome);
      if (sent.result === 'refused' && isFinished(outcome)) {
        await this.failWithOutcome(task, topic, outcome, { ...limits, error: sent.error, durationMs });
      } else {
        logNotAccepted(task, outcome, sent.error);
        await this.events.append(
          createCallFailedEvent(task, topic, { outcome, error: sent.error, durationMs }),
        );
        if (sent.result === 'refused' && outcome.kind === 'failure' && hasOutcome(outcome)) {
          await this.report(task, topic, withoutOutcome(outcome), limits);
        }
      }
      return;
    }
    if (sent.result === 'lost') {
      task.logger.warn('Another worker has locked the task: its outcome counts.', { outcome: outcome.kind });
      return;
    }
    const isStillToReport = outcome.kind === 'failure' && !hasOutcome(outcome) && sent.result === 'accepted';
    if (isStillToReport) this.unreported.count(task.taskId);
    else this.unreported.forget(task.taskId);
    await this.afterReport(task, topic, outcome, sent.result);
  }

  /**
   * Stores the outcome of finished work beside its task and unlocks the task. The engine delivers no task of a suspended
   * instance; after the resumption it delivers the task with its outcome, to any instance of the service.
   */
  private async storeForResumption(task: RunningTask, outcome: TaskOutcome, error: Error): Promise<void> {
    const { taskId, fetched } = task;
    task.logger.warn(
      'The process is suspended in the engine; the outcome of its task waits until it is active.',
      {
        outcome: outcome.kind,
        err: error,
      },
    );
    try {
      if (isFinished(outcome)) {
        this.unreported.add(taskId, outcome);
        if (fetched.executionId === null) return;
        await this.engineInstances.setLocalVariables(fetched.executionId, toOutcomeVariable(taskId, outcome));
        this.unreported.forget(taskId);
      }
      await task.calls.unlock(taskId);
    } catch (err) {
      task.logger.warn(
        'The outcome of a suspended task is kept in memory only, and the task stays locked until its lock expires.',
        {
          err,
        },
      );
    }
  }

  /** Reports a failure that stores the refused outcome beside the task. */
  private async failWithOutcome(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: FinishedOutcome,
    { error, durationMs, ...limits }: ReportLimits & { readonly error: Error; readonly durationMs: number },
  ): Promise<void> {
    const { taskId, processDefinitionKey: processKey, fetched } = task;
    const message = describeRefusal({
      error,
      processKey,
      stepName: topic.stepName,
      activityId: fetched.activityId,
      errorCode: outcome.kind === 'bpmnError' ? outcome.errorCode : null,
      model: this.models.of(processKey),
    });
    logNotAccepted(task, outcome, error, message);
    await this.events.append(createCallFailedEvent(task, topic, { outcome, error, message, durationMs }));
    // The first refusal starts with all retries, however many the handler has used up.
    const isRepeated = storedOutcomeOf(task) !== null || this.unreported.isCounted(taskId);
    const facts = isRepeated ? task : { attempt: 1, retriesLeft: this.config.taskRetries };
    const failure = toErrorOutcome(new OutcomeRefusedError(message, { cause: error }), facts, this.redactor);
    const localVariables = toOutcomeVariable(taskId, outcome);
    await this.report(task, topic, { ...failure, localVariables } as TaskOutcome, limits);
  }

  /** Schedules the retry, or notifies the listener, once the engine has an outcome. */
  private async afterReport(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    result: SendResult['result'],
  ): Promise<void> {
    if (result === 'gone')
      task.logger.debug('The task is no longer in the engine.', { outcome: outcome.kind });
    if (outcome.kind === 'failure' && result === 'accepted') {
      if (outcome.retries > 0) this.retries.schedule(task.taskId, outcome.retryTimeout);
      else
        await this.notify(task, (listener) =>
          listener.incident({ ...factsOf(task, topic), error: outcome.errorMessage }),
        );
    }
    if (outcome.kind === 'complete' && result === 'accepted') this.listener?.completed(factsOf(task, topic));
    if (outcome.kind === 'bpmnError') {
      const { errorCode, errorMessage } = outcome;
      await this.notify(task, async (listener) => {
        if ((await this.engineInstances.getProcessInstance(task.processInstanceId)) !== null) return;
        await listener.unhandledBpmnError({ ...factsOf(task, topic), errorCode, errorMessage });
      });
    }
  }

  /** Never rejects: the reconciler finds what the listener has missed. */
  private async notify(
    task: RunningTask,
    call: (listener: TaskOutcomeListener) => Promise<void>,
  ): Promise<void> {
    if (this.listener === undefined) return;
    try {
      await call(this.listener);
    } catch (error) {
      task.logger.error('The outcome of a task could not be passed on.', { err: error });
    }
  }
}

type FailureOutcome = Extract<TaskOutcome, { readonly kind: 'failure' }>;

function hasOutcome({ localVariables }: FailureOutcome): boolean {
  return localVariables !== undefined;
}

/** The same failure without the stored outcome, which then stays in the memory of this process only. */
function withoutOutcome({ errorMessage, errorDetails, retries, retryTimeout }: FailureOutcome): TaskOutcome {
  return {
    kind: 'failure',
    errorMessage: `${errorMessage} ${KEPT_IN_MEMORY}`,
    errorDetails,
    retries,
    retryTimeout,
  };
}

function logNotAccepted(task: RunningTask, outcome: TaskOutcome, error: Error, reason?: string): void {
  task.logger.error('The engine did not take the outcome of a task.', {
    outcome: outcome.kind,
    ...(reason === undefined ? {} : { reason }),
    err: error,
  });
}

function factsOf(task: RunningTask, topic: RegisteredTopic): TaskOutcomeFacts {
  return {
    correlationId: task.correlationId,
    processInstanceId: task.processInstanceId,
    processDefinitionKey: task.processDefinitionKey,
    traceabilityId: task.traceabilityId,
    taskId: task.taskId,
    stepName: topic.stepName,
    step: topic.step,
  };
}
