import { type InstanceContext, openInstance } from '../core/instance.context.js';
import type { CommandExecutor } from '../core/command.executor.js';
import type { ActivityState } from '../state/activity.state.js';
import { BadUserRequestError, NullValueError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { Interpreter } from '../core/interpreter.js';
import { QueryContext } from '../query/query.context.js';
import type { Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { visibleVariables } from '../core/variable.scopes.js';
import { USER_TASK_QUERY, type UserTaskQuery } from '../query/user-task.query.js';
import type { UserTaskRecord } from '../state/records.types.js';

/** A BPMN error that a person reports. */
interface UserTaskError {
  readonly errorCode: string;
  readonly errorMessage: string | null;
  readonly variables: Variables;
}

/** The user tasks. */
export class UserTaskService {
  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly stepLimit: number,
  ) {}

  find(query: UserTaskQuery): readonly UserTaskRecord[] {
    return USER_TASK_QUERY.find(this.state.userTasks.values(), query, this.context());
  }

  count(query: UserTaskQuery): number {
    return USER_TASK_QUERY.count(this.state.userTasks.values(), query, this.context());
  }

  findOne(id: string): UserTaskRecord | null {
    return this.state.userTasks.get(id) ?? null;
  }

  /**
   * @returns the variables of the process after the command, for `withVariablesInReturn`
   * @throws NullValue for an unknown task, BadUserRequest for a suspended one
   */
  complete(id: string, variables: Variables): Promise<Variables> {
    return this.executor.run((work) => {
      const { context, activity } = openTask(work, id);
      context.variables.setAll(activity, variables);
      const given = visibleVariables(activity);
      new Interpreter(work, this.stepLimit).signal(context, activity);
      return given;
    });
  }

  /**
   * Raises a BPMN error at a task.
   *
   * @throws NullValue for an unknown task, BadUserRequest for a suspended one
   */
  async handleBpmnError(id: string, { errorCode, errorMessage, variables }: UserTaskError): Promise<void> {
    await this.executor.run((work) => {
      const { context, activity } = openTask(work, id);
      context.variables.setAll(activity, variables);
      new Interpreter(work, this.stepLimit).raiseError(context, activity, {
        code: errorCode,
        message: errorMessage,
      });
    });
  }

  /** @throws NullValue for an unknown task */
  setAssignee(id: string, userId: string | null): Promise<void> {
    return this.assign(id, userId, () => undefined);
  }

  /** Like {@link setAssignee}, but rejects a task that another user has claimed. @throws BadUserRequest */
  claim(id: string, userId: string): Promise<void> {
    return this.assign(id, userId, ({ assignee }) => {
      if (assignee === null || assignee === userId) return;
      throw new BadUserRequestError(
        `Task '${id}' is already claimed by someone else.`,
        'TaskAlreadyClaimedException',
      );
    });
  }

  /** Variables that the task sees; null for an unknown task. */
  findVariables(id: string): Variables | null {
    const task = this.findOne(id);
    const activity =
      task === null
        ? undefined
        : this.state.instance(task.processInstanceId)?.findActivity(task.activityInstanceId);
    return activity === undefined || activity === null ? null : visibleVariables(activity);
  }

  private async assign(
    id: string,
    assignee: string | null,
    check: (task: UserTaskRecord) => void,
  ): Promise<void> {
    await this.executor.run((work) => {
      const task = takeTask(work, id);
      check(task);
      const assigned = { ...task, assignee };
      work.changes.userTasks.set(id, assigned);
      const context = openInstance(work, task.processInstanceId);
      context.history.userTaskChanged(assigned);
      const activity = context.instance.findActivity(task.activityInstanceId);
      if (activity !== null) context.history.activityStarted(activity);
    });
  }

  private context(): QueryContext {
    return new QueryContext(this.state, this.executor.clock());
  }
}

/** An open task with its activity and its instance. @throws NullValue for an unknown task, BadUserRequest for a suspended one */
function openTask(
  work: UnitOfWork,
  id: string,
): { readonly context: InstanceContext; readonly activity: ActivityState } {
  const task = takeTask(work, id);
  const context = openInstance(work, task.processInstanceId);
  const activity = context.instance.findActivity(task.activityInstanceId);
  if (activity === null) throw new NullValueError(`The activity instance of task ${id} no longer exists`);
  return { context, activity };
}

/** @throws NullValue for an unknown task, BadUserRequest for a suspended one */
function takeTask(work: UnitOfWork, id: string): UserTaskRecord {
  const task = work.userTask(id);
  if (task === undefined) throw new NullValueError(`Cannot find task with id ${id}: task is null`);
  if (!task.suspended) return task;
  throw new BadUserRequestError(
    `ENGINE-03043 task with id '${id}' is suspended.`,
    'SuspendedEntityInteractionException',
  );
}
