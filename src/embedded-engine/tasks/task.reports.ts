import { truncateMessage } from '../core/camunda.limits.js';
import type { ActivityState } from '../state/activity.state.js';
import { NullValueError, ProcessEngineError } from '../state/engine.errors.js';
import { type InstanceContext, openInstance, type ThrownError } from '../core/instance.context.js';
import { Interpreter } from '../core/interpreter.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { ExpressionError } from '../el/index.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { Variables } from '../state/typed-value.types.js';
import { assertActive, assertNotNegative, assertWorker, requireWorker } from './task.checks.js';
import { saveWithRetries } from './task.retries.js';

export interface CompleteInput {
  readonly workerId: string | null;
  readonly variables: Variables;
  readonly localVariables: Variables;
}

export interface FailureInput extends CompleteInput {
  readonly errorMessage: string | null;
  readonly errorDetails: string | null;
  readonly retries: number;
  /** Milliseconds. */
  readonly retryTimeout: number;
}

export interface BpmnErrorInput {
  readonly workerId: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly variables: Variables;
}

/** A task with the context of its instance. */
interface TaskContext {
  readonly task: ExternalTaskRecord;
  readonly activity: ActivityState;
  readonly context: InstanceContext;
}

/** Executes the reports of workers within one command: completion, failure, BPMN error. */
export class TaskReports {
  private readonly interpreter: Interpreter;

  constructor(
    private readonly work: UnitOfWork,
    stepLimit: number,
  ) {
    this.interpreter = new Interpreter(work, stepLimit);
  }

  complete(id: string, input: CompleteInput): void {
    const { task, activity, context } = this.take(
      id,
      input.workerId,
      `External Task ${id} cannot be completed`,
    );
    context.variables.setAllLocal(activity, input.localVariables);
    context.variables.setAll(activity, input.variables);
    const error = this.matchingError(context, task, activity);
    this.work.markCompleted(id);
    context.history.taskLogged('SUCCESSFUL', task);
    if (error === null) this.interpreter.signal(context, activity);
    else this.interpreter.raiseError(context, activity, error);
  }

  failure(id: string, input: FailureInput): void {
    assertNotNegative(input.retries, 'retries');
    assertNotNegative(input.retryTimeout, 'retryTimeout');
    const { task, activity, context } = this.take(
      id,
      input.workerId,
      `Failure of External Task ${id} cannot be reported`,
    );
    context.variables.setAllLocal(activity, input.localVariables);
    context.variables.setAll(activity, input.variables);
    const failed: ExternalTaskRecord = {
      ...task,
      errorMessage: input.errorMessage === null ? null : truncateMessage(input.errorMessage),
      errorDetails: input.errorDetails,
      retries: input.retries,
      // The worker keeps the task, so other workers wait for the retry too.
      lockExpirationTime: this.work.now + input.retryTimeout,
    };
    const error = this.matchingErrorOrNone(context, failed, activity);
    if (error !== null) {
      this.interpreter.raiseError(context, activity, error);
      return;
    }
    // Logged with the previous number of retries, as in Camunda.
    const logId = context.history.taskLogged('FAILED', { ...failed, retries: task.retries });
    saveWithRetries(this.work, failed, logId);
  }

  bpmnError(id: string, { workerId, errorCode, errorMessage, variables }: BpmnErrorInput): void {
    if (errorCode === null || errorCode === '') throw new NullValueError('errorCode is null');
    const { activity, context } = this.take(
      id,
      workerId,
      `Bpmn error of External Task ${id} cannot be reported`,
    );
    context.variables.setAll(activity, variables);
    this.interpreter.raiseError(context, activity, { code: errorCode, message: errorMessage });
  }

  private take(id: string, workerId: string | null, refusal: string): TaskContext {
    const worker = requireWorker(workerId);
    const task = this.work.task(id);
    assertWorker(task, worker, refusal);
    assertActive(task);
    const context = openInstance(this.work, task.processInstanceId);
    const activity = context.instance.findActivity(task.activityInstanceId);
    if (activity === null)
      throw new ProcessEngineError(`The activity instance of external task ${id} no longer exists`);
    return { task, activity, context };
  }

  /** The error of the first `camunda:errorEventDefinition` whose expression is true. */
  private matchingError(
    context: InstanceContext,
    task: ExternalTaskRecord,
    activity: ActivityState,
  ): ThrownError | null {
    const node = this.work.definition(task.processDefinitionId).node(task.activityId);
    if (node.kind !== 'externalTask') return null;
    const scope = context.scopeOf(activity, task);
    const match = node.errorEventDefinitions.find(({ expression }) => expression.evaluate(scope) === true);
    return match === undefined ? null : context.errorOf(match.error, scope);
  }

  /** For a failure, an expression that cannot be evaluated does not match, as in Camunda. */
  private matchingErrorOrNone(
    context: InstanceContext,
    task: ExternalTaskRecord,
    activity: ActivityState,
  ): ThrownError | null {
    try {
      return this.matchingError(context, task, activity);
    } catch (error) {
      if (error instanceof ExpressionError) return null;
      throw error;
    }
  }
}
