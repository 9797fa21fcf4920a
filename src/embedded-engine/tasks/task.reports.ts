import type { ActivityState } from '../core/activity.state.js';
import type { BpmnErrorInput, CompleteInput, FailureInput } from '../core/engine-api.types.js';
import { NullValueError, ProcessEngineError } from '../core/engine.errors.js';
import { Interpreter, type ThrownError } from '../core/interpreter.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { ExpressionError } from '../el/index.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import { assertActive, assertNotNegative, assertWorker, requireWorker } from './task.checks.js';
import { saveWithRetries } from './task.retries.js';

/** The engine's column of error messages. */
const MAX_ERROR_MESSAGE = 666;

/** A task with the instance to which it belongs, as a report works on them. */
interface TaskAtWork {
  readonly task: ExternalTaskRecord;
  readonly activity: ActivityState;
  readonly interpreter: Interpreter;
}

/** What workers report of their tasks, within one command. */
export class TaskReports {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stepLimit: number,
  ) {}

  complete(id: string, input: CompleteInput): void {
    const { task, activity, interpreter } = this.take(
      id,
      input.workerId,
      `External Task ${id} cannot be completed`,
    );
    interpreter.variables.setAllLocal(activity, input.localVariables);
    interpreter.variables.setAll(activity, input.variables);
    const error = this.matchingError(interpreter, task, activity);
    if (error === null) interpreter.signal(activity);
    else interpreter.raiseError(activity, error);
  }

  failure(id: string, input: FailureInput): void {
    assertNotNegative(input.retries, 'retries');
    assertNotNegative(input.retryTimeout, 'retryTimeout');
    const { task, activity, interpreter } = this.take(
      id,
      input.workerId,
      `Failure of External Task ${id} cannot be reported`,
    );
    interpreter.variables.setAllLocal(activity, input.localVariables);
    interpreter.variables.setAll(activity, input.variables);
    const failed: ExternalTaskRecord = {
      ...task,
      errorMessage: input.errorMessage?.slice(0, MAX_ERROR_MESSAGE) ?? null,
      errorDetails: input.errorDetails,
      retries: input.retries,
      // The worker keeps the task: whoever else wants it has to wait for the retry.
      lockExpirationTime: this.work.now + input.retryTimeout,
    };
    const error = this.matchingErrorOrNone(interpreter, failed, activity);
    if (error === null) saveWithRetries(this.work, failed);
    else interpreter.raiseError(activity, error);
  }

  bpmnError(id: string, { workerId, errorCode, errorMessage, variables }: BpmnErrorInput): void {
    if (errorCode === null || errorCode === '') throw new NullValueError('errorCode is null');
    const { activity, interpreter } = this.take(
      id,
      workerId,
      `Bpmn error of External Task ${id} cannot be reported`,
    );
    interpreter.variables.setAll(activity, variables);
    interpreter.raiseError(activity, { code: errorCode, message: errorMessage });
  }

  private take(id: string, workerId: string | null, refusal: string): TaskAtWork {
    const worker = requireWorker(workerId);
    const task = this.work.task(id);
    assertWorker(task, worker, refusal);
    assertActive(task);
    const instance = this.work.instance(task.processInstanceId);
    const activity = instance.findActivity(task.activityInstanceId);
    if (activity === null)
      throw new ProcessEngineError(`The activity instance of external task ${id} is gone`);
    const definition = this.work.definition(task.processDefinitionId);
    return { task, activity, interpreter: new Interpreter(this.work, instance, definition, this.stepLimit) };
  }

  /** The error of the first `camunda:errorEventDefinition` whose expression holds. */
  private matchingError(
    interpreter: Interpreter,
    task: ExternalTaskRecord,
    activity: ActivityState,
  ): ThrownError | null {
    const node = this.work.definition(task.processDefinitionId).node(task.activityId);
    if (node.kind !== 'externalTask') return null;
    const scope = interpreter.scopeOf(activity, task);
    const match = node.errorEventDefinitions.find(({ expression }) => expression.evaluate(scope) === true);
    return match === undefined ? null : interpreter.errorOf(match.error, scope);
  }

  /** On a failure an expression that cannot be evaluated does not match, as in Camunda. */
  private matchingErrorOrNone(
    interpreter: Interpreter,
    task: ExternalTaskRecord,
    activity: ActivityState,
  ): ThrownError | null {
    try {
      return this.matchingError(interpreter, task, activity);
    } catch (error) {
      if (error instanceof ExpressionError) return null;
      throw error;
    }
  }
}
