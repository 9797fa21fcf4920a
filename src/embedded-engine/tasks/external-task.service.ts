import type {
  BpmnErrorInput,
  CompleteInput,
  ExternalTaskQuery,
  ExternalTaskService as ExternalTaskApi,
  FailureInput,
  FetchInput,
  PendingFetch,
} from '../core/engine-api.types.js';
import type { ActivityState } from '../core/activity.state.js';
import type { CommandExecutor } from '../core/command.executor.js';
import { BadUserRequestError, NullValueError, ProcessEngineError } from '../core/engine.errors.js';
import type { EngineState } from '../core/engine.state.js';
import { ActivityExpressionScope } from '../core/expression.scope.js';
import { Interpreter } from '../core/interpreter.js';
import { toTypedValue } from '../core/typed-value.converter.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { ExpressionError } from '../el/index.js';
import type { ErrorModel } from '../model/index.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import { findTasks, pageTasks } from './external-task.query.js';
import { createIncident } from './incident.factory.js';
import type { PollRegistry } from './poll.registry.js';

/** The engine's column of error messages. */
const MAX_ERROR_MESSAGE = 666;

/** Longest time that a poll may be parked: 30 minutes, as in Camunda. */
export const MAX_ASYNC_RESPONSE_TIMEOUT_MS = 1_800_000;

/** A task with the instance to which it belongs, as a command works on them. */
interface TaskAtWork {
  readonly task: ExternalTaskRecord;
  readonly activity: ActivityState;
  readonly interpreter: Interpreter;
}

/** The external tasks: what workers fetch, and what they report. */
export class ExternalTaskService implements ExternalTaskApi {
  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly polls: PollRegistry,
    private readonly stepLimit: number,
  ) {}

  fetchAndLock(input: FetchInput): PendingFetch {
    try {
      assertFetch(input);
      return this.polls.fetch(input);
    } catch (error) {
      return {
        tasks: Promise.reject(error instanceof Error ? error : new Error(String(error))),
        cancel: () => undefined,
      };
    }
  }

  complete(id: string, input: CompleteInput): Promise<void> {
    return this.executor.run((work) => {
      const { task, activity, interpreter } = this.take(work, id, input.workerId, 'completed');
      interpreter.variables.setAllLocal(activity, input.localVariables);
      interpreter.variables.setAll(activity, input.variables);
      const error = this.matchingError(work, task, activity);
      if (error === null) interpreter.signal(activity);
      else interpreter.raiseError(activity, error);
    });
  }

  handleFailure(id: string, input: FailureInput): Promise<void> {
    return this.executor.run((work) => {
      if (input.retries < 0) throw new ProcessEngineError('retries is not greater than or equal to 0');
      if (input.retryTimeout < 0)
        throw new ProcessEngineError('retryTimeout is not greater than or equal to 0');
      const { task, activity, interpreter } = this.take(work, id, input.workerId, 'reported');
      interpreter.variables.setAllLocal(activity, input.localVariables);
      interpreter.variables.setAll(activity, input.variables);
      const failed: ExternalTaskRecord = {
        ...task,
        errorMessage: input.errorMessage === null ? null : input.errorMessage.slice(0, MAX_ERROR_MESSAGE),
        errorDetails: input.errorDetails,
        retries: input.retries,
        // The worker keeps the task: whoever else wants it has to wait for the retry.
        lockExpirationTime: work.now + input.retryTimeout,
      };
      const error = this.matchingErrorOrNone(work, failed, activity);
      if (error !== null) {
        interpreter.raiseError(activity, error);
        return;
      }
      work.saveTask(failed);
      this.settleIncident(work, failed);
    });
  }

  handleBpmnError(id: string, input: BpmnErrorInput): Promise<void> {
    return this.executor.run((work) => {
      const { errorCode, errorMessage } = input;
      if (errorCode === null || errorCode === '') throw new NullValueError('errorCode is null');
      const { activity, interpreter } = this.take(work, id, input.workerId, 'bpmn-error');
      interpreter.variables.setAll(activity, input.variables);
      interpreter.raiseError(activity, { code: errorCode, message: errorMessage });
    });
  }

  lock(id: string, workerId: string | null, lockDuration: number | null): Promise<void> {
    return this.executor.run((work) => {
      const worker = requireWorker(workerId);
      const duration = requirePositive(lockDuration, 'lockDuration');
      const task = work.task(id);
      assertActive(task);
      const held = task.lockExpirationTime !== null && task.lockExpirationTime > work.now;
      if (held && task.workerId !== worker) {
        throw new BadUserRequestError(
          `External Task ${id} cannot be locked by worker '${worker}'. It is locked by worker '${String(task.workerId)}'.`,
        );
      }
      work.saveTask({ ...task, workerId: worker, lockExpirationTime: work.now + duration });
    });
  }

  extendLock(id: string, workerId: string | null, newDuration: number | null): Promise<void> {
    return this.executor.run((work) => {
      const worker = requireWorker(workerId);
      const duration = requirePositive(newDuration, 'newDuration');
      const task = work.task(id);
      assertActive(task);
      assertWorker(task, worker, `The lock of the External Task ${id} cannot be extended`);
      if (task.lockExpirationTime === null || task.lockExpirationTime <= work.now) {
        throw new BadUserRequestError('Cannot extend a lock that expired');
      }
      work.saveTask({ ...task, lockExpirationTime: work.now + duration });
    });
  }

  unlock(id: string): Promise<void> {
    return this.executor.run((work) => {
      work.saveTask({ ...work.task(id), workerId: null, lockExpirationTime: null });
    });
  }

  setRetries(id: string, retries: number): Promise<void> {
    return this.executor.run((work) => {
      this.changeRetries(work, id, retries);
    });
  }

  setRetriesOfMany(
    selection: Parameters<ExternalTaskApi['setRetriesOfMany']>[0],
    retries: number,
  ): Promise<void> {
    return this.executor.run((work) => {
      const { externalTaskIds = [], processInstanceIds = [], query } = selection;
      const ids = new Set([
        ...externalTaskIds,
        ...processInstanceIds.flatMap((instance) => this.state.tasksOf(instance).map((task) => task.id)),
        ...(query === undefined ? [] : findTasks(this.state, query, work.now).map((task) => task.id)),
      ]);
      if (ids.size === 0) throw new BadUserRequestError('externalTaskIds is empty');
      for (const id of ids) this.changeRetries(work, id, retries);
    });
  }

  setPriority(id: string, priority: number): Promise<void> {
    return this.executor.run((work) => {
      work.saveTask({ ...work.task(id), priority });
    });
  }

  find(query: ExternalTaskQuery): readonly ExternalTaskRecord[] {
    return pageTasks(findTasks(this.state, query, this.executor.clock()), query);
  }

  count(query: ExternalTaskQuery): number {
    return findTasks(this.state, query, this.executor.clock()).length;
  }

  findOne(id: string): ExternalTaskRecord | null {
    return this.state.tasks.get(id) ?? null;
  }

  findTopicNames(query: Parameters<ExternalTaskApi['findTopicNames']>[0]): readonly string[] {
    const wanted: ExternalTaskQuery = {
      locked: query.withLockedTasks,
      notLocked: query.withUnlockedTasks,
      withRetriesLeft: query.withRetriesLeft,
    };
    return [...new Set(this.find(wanted).map((task) => task.topicName))].sort();
  }

  /** The task for a worker's report; a lock that has run out does not matter as long as nobody else has the task. */
  private take(work: UnitOfWork, id: string, workerId: string | null, report: Report): TaskAtWork {
    const worker = requireWorker(workerId);
    const task = work.task(id);
    assertWorker(task, worker, REFUSALS[report](id));
    assertActive(task);
    const instance = work.instance(task.processInstanceId);
    const activity = instance.findActivity(task.activityInstanceId);
    if (activity === null)
      throw new ProcessEngineError(`The activity instance of external task ${id} is gone`);
    const definition = work.definition(task.processDefinitionId);
    return { task, activity, interpreter: new Interpreter(work, instance, definition, this.stepLimit) };
  }

  /** The error of the first `camunda:errorEventDefinition` whose expression holds. */
  private matchingError(work: UnitOfWork, task: ExternalTaskRecord, activity: ActivityState) {
    const definition = work.definition(task.processDefinitionId);
    const node = definition.node(task.activityId);
    if (node.kind !== 'externalTask' || node.errorEventDefinitions.length === 0) return null;
    const scope = new ActivityExpressionScope(
      activity,
      work.instance(task.processInstanceId).header,
      definition,
      task,
    );
    const match = node.errorEventDefinitions.find(({ expression }) => expression.evaluate(scope) === true);
    return match === undefined ? null : thrown(match.error, scope);
  }

  /** On a failure an expression that cannot be evaluated does not match, as in Camunda. */
  private matchingErrorOrNone(work: UnitOfWork, task: ExternalTaskRecord, activity: ActivityState) {
    try {
      return this.matchingError(work, task, activity);
    } catch (error) {
      if (error instanceof ExpressionError) return null;
      throw error;
    }
  }

  private changeRetries(work: UnitOfWork, id: string, retries: number): void {
    if (retries < 0) throw new BadUserRequestError('The number of retries cannot be negative');
    const task = { ...work.task(id), retries };
    work.saveTask(task);
    this.settleIncident(work, task);
  }

  /** No retries left is an incident; retries again resolve it. */
  private settleIncident(work: UnitOfWork, task: ExternalTaskRecord): void {
    const known = this.state.incidentOfTask(task.id);
    if (task.retries !== 0) work.resolveIncident(task.id);
    else if (known === undefined) work.addIncident(createIncident(work.newId(), work.now, task));
  }
}

type Report = 'completed' | 'reported' | 'bpmn-error';

const REFUSALS: Readonly<Record<Report, (id: string) => string>> = {
  completed: (id) => `External Task ${id} cannot be completed`,
  reported: (id) => `Failure of External Task ${id} cannot be reported`,
  'bpmn-error': (id) => `Bpmn error of External Task ${id} cannot be reported`,
};

function thrown(error: ErrorModel, scope: ActivityExpressionScope): { code: string; message: string | null } {
  const message = error.message?.evaluate(scope) ?? null;
  return { code: error.code, message: message === null ? null : String(toTypedValue(message).value) };
}

function assertFetch(input: FetchInput): void {
  requireWorker(input.workerId);
  if (input.topics.some((topic) => topic.lockDuration <= 0)) {
    throw new ProcessEngineError('lockTime is not greater than 0');
  }
  if ((input.asyncResponseTimeout ?? 0) > MAX_ASYNC_RESPONSE_TIMEOUT_MS) {
    throw new BadUserRequestError(
      `The asynchronous response timeout cannot be set to a value greater than ${MAX_ASYNC_RESPONSE_TIMEOUT_MS} milliseconds`,
      'InvalidRequestException',
    );
  }
}

function requireWorker(workerId: string | null): string {
  if (workerId === null || workerId === '') throw new NullValueError('workerId is null');
  return workerId;
}

function requirePositive(duration: number | null, name: string): number {
  if (duration === null || duration <= 0) throw new BadUserRequestError(`${name} is not greater than 0`);
  return duration;
}

function assertWorker(task: ExternalTaskRecord, workerId: string, refusal: string): void {
  if (task.workerId === workerId) return;
  throw new BadUserRequestError(
    `${refusal} by worker '${workerId}'. It is locked by worker '${String(task.workerId)}'.`,
  );
}

function assertActive(task: ExternalTaskRecord): void {
  if (!task.suspended) return;
  throw new BadUserRequestError(
    `ENGINE-03043 ExternalTask with id '${task.id}' is suspended.`,
    'SuspendedEntityInteractionException',
  );
}
