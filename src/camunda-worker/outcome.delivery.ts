import { Inject, Injectable, Optional } from '@nestjs/common';
import { EngineInstancesClient, ProcessDrawings } from '../camunda-engine/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { describeRefusal } from './engine.refusal.js';
import { type FinishedOutcome, isFinished, keptAsVariable, keptOutcomeOf } from './kept-outcome.js';
import { RememberedOutcomes } from './remembered-outcomes.js';
import { RetryNudge } from './retry.nudge.js';
import type { RunningTask } from './running-task.js';
import { createCallFailedEvent } from './task-event.factory.js';
import { TaskEventLog } from './task-event.log.js';
import { type TaskOutcome, toErrorOutcome } from './task-outcome.mapper.js';
import { type TaskOutcomeFacts, TaskOutcomeListener } from './task-outcome.listener.js';
import { OutcomeRefusedError } from './task.errors.js';
import { type Report, reportOutcome } from './task.reporter.js';
import type { RegisteredTopic } from './topic.explorer.js';

/** For clients and operators, behind the reason of the refusal. */
const KEPT_IN_MEMORY =
  'The engine did not store the outcome of the step, so it is kept in memory only: after a restart of the service the step runs again.';

/** How long an outcome may be reported. */
export interface DeliveryLimits {
  /** When the lock ends, on the clock of `performance.now()`. */
  readonly heldUntil: number;
  /** Aborts when the service can wait no longer. */
  readonly giveUp: AbortSignal;
}

/**
 * Reports the outcomes of tasks to the engine, and passes incidents and uncaught BPMN errors on to the listener.
 *
 * Finished work whose outcome the engine refuses is not done again: the task fails with the outcome kept beside it, and
 * comes again for its outcome alone, until the engine takes it or the retries are used up.
 */
@Injectable()
export class OutcomeDelivery {
  private readonly remembered = new RememberedOutcomes();

  constructor(
    private readonly events: TaskEventLog,
    private readonly engineInstances: EngineInstancesClient,
    private readonly nudge: RetryNudge,
    private readonly drawings: ProcessDrawings,
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    @Optional() @Inject(TaskOutcomeListener) private readonly listener?: TaskOutcomeListener,
  ) {}

  /** The outcome of a task whose work was finished by an earlier delivery; null where the handler is to run. */
  finishedOutcomeOf(task: RunningTask): FinishedOutcome | null {
    const kept = keptOutcomeOf(task);
    if (kept === null) return this.remembered.of(task.taskId);
    // An operator may have changed it, and may delete it next.
    this.remembered.forget(task.taskId);
    return kept;
  }

  /** Reports an outcome whose row is durable; rejects where the trail takes no row. */
  async deliver(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    limits: DeliveryLimits,
  ): Promise<void> {
    const began = performance.now();
    const report = await reportOutcome(task, outcome, limits.heldUntil, limits.giveUp);
    if (report.result === 'suspended') {
      await this.keepForResumption(task, outcome, report.error);
      return;
    }
    if (report.result === 'refused' || report.result === 'unreachable') {
      const durationMs = Math.round(performance.now() - began);
      // For the case that the task comes again without its outcome: its work is done.
      if (isFinished(outcome)) this.remembered.add(task.taskId, outcome);
      if (report.result === 'refused' && isFinished(outcome)) {
        await this.bearRefusal(task, topic, outcome, { ...limits, error: report.error, durationMs });
      } else {
        logNotTaken(task, outcome, report.error);
        await this.events.append(
          createCallFailedEvent(task, topic, { outcome, error: report.error, durationMs }),
        );
        if (report.result === 'refused' && outcome.kind === 'failure' && hasOutcome(outcome)) {
          await this.deliver(task, topic, withoutOutcome(outcome), limits);
        }
      }
      return;
    }
    if (report.result === 'lost') {
      task.logger.warn('Another worker has the task: its outcome counts.', { outcome: outcome.kind });
      return;
    }
    const isStillToReport =
      outcome.kind === 'failure' && !hasOutcome(outcome) && report.result === 'accepted';
    if (isStillToReport) this.remembered.count(task.taskId);
    else this.remembered.forget(task.taskId);
    await this.follow(task, topic, outcome, report.result);
  }

  /**
   * Leaves the outcome of finished work beside its task and frees both: the engine gives the task to nobody while its
   * instance is suspended, and afterwards it comes for its outcome alone, to whichever instance of the service.
   */
  private async keepForResumption(task: RunningTask, outcome: TaskOutcome, error: Error): Promise<void> {
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
        this.remembered.add(taskId, outcome);
        if (fetched.executionId === null) return;
        await this.engineInstances.setLocalVariables(fetched.executionId, keptAsVariable(taskId, outcome));
        this.remembered.forget(taskId);
      }
      await task.calls.unlock(taskId);
    } catch (err) {
      task.logger.warn(
        'The outcome of a suspended task is kept in memory alone, and its lock stays to its end.',
        {
          err,
        },
      );
    }
  }

  /** Fails the task with its outcome beside it. */
  private async bearRefusal(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: FinishedOutcome,
    { error, durationMs, ...limits }: DeliveryLimits & { readonly error: Error; readonly durationMs: number },
  ): Promise<void> {
    const { taskId, processDefinitionKey: processKey, fetched } = task;
    const message = describeRefusal({
      error,
      processKey,
      stepName: topic.stepName,
      activityId: fetched.activityId,
      errorCode: outcome.kind === 'bpmnError' ? outcome.errorCode : null,
      drawing: this.drawings.of(processKey),
    });
    logNotTaken(task, outcome, error, message);
    await this.events.append(createCallFailedEvent(task, topic, { outcome, error, message, durationMs }));
    // The first refusal has all retries before it, however many the work has used up.
    const isRepeated = keptOutcomeOf(task) !== null || this.remembered.isCounted(taskId);
    const facts = isRepeated ? task : { attempt: 1, retriesLeft: this.config.taskRetries };
    const failure = toErrorOutcome(new OutcomeRefusedError(message, { cause: error }), facts);
    const localVariables = keptAsVariable(taskId, outcome);
    await this.deliver(task, topic, { ...failure, localVariables } as TaskOutcome, limits);
  }

  /** What is to be done once the engine has an outcome. */
  private async follow(
    task: RunningTask,
    topic: RegisteredTopic,
    outcome: TaskOutcome,
    result: Report['result'],
  ): Promise<void> {
    if (result === 'gone')
      task.logger.debug('The task is no longer in the engine.', { outcome: outcome.kind });
    if (outcome.kind === 'failure' && result === 'accepted') {
      if (outcome.retries > 0) this.nudge.schedule(task.taskId, outcome.retryTimeout);
      else
        await this.tell(task, (listener) =>
          listener.incident({ ...factsOf(task, topic), error: outcome.errorMessage }),
        );
    }
    if (outcome.kind === 'bpmnError') {
      const { errorCode, errorMessage } = outcome;
      await this.tell(task, async (listener) => {
        if ((await this.engineInstances.getProcessInstance(task.processInstanceId)) !== null) return;
        await listener.unhandledBpmnError({ ...factsOf(task, topic), errorCode, errorMessage });
      });
    }
  }

  /** What fails here is found by the reconciler. */
  private async tell(
    task: RunningTask,
    say: (listener: TaskOutcomeListener) => Promise<void>,
  ): Promise<void> {
    if (this.listener === undefined) return;
    try {
      await say(this.listener);
    } catch (error) {
      task.logger.error('The outcome of a task could not be passed on.', { err: error });
    }
  }
}

type FailureOutcome = Extract<TaskOutcome, { readonly kind: 'failure' }>;

function hasOutcome({ localVariables }: FailureOutcome): boolean {
  return localVariables !== undefined;
}

/** The failure of a task whose outcome this process alone keeps. */
function withoutOutcome({ errorMessage, errorDetails, retries, retryTimeout }: FailureOutcome): TaskOutcome {
  return {
    kind: 'failure',
    errorMessage: `${errorMessage} ${KEPT_IN_MEMORY}`,
    errorDetails,
    retries,
    retryTimeout,
  };
}

function logNotTaken(task: RunningTask, outcome: TaskOutcome, error: Error, reason?: string): void {
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
