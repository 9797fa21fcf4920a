import { Injectable, Logger } from '@nestjs/common';
import type { ProcessAccess } from '../../auth/index.js';
import { EngineCallError, EngineTasksClient, toTypedVariables } from '../../camunda-engine/index.js';
import { type ProcessRecord, ProcessStoreService, type WriteOptions } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import type { OnCallerGone } from './caller-gone.js';
import { NextTaskService } from './next-task.service.js';
import type { FoundTask, OpenTask, TaskObstacle, TaskSuccession } from './process-task.js';
import type { Requester } from './requester.js';
import { findVariableFaults } from './start-variables.js';
import { TaskCommandSender } from './task-command.sender.js';
import { TaskListService } from './task-list.service.js';

/** A client gets an answer within `WRITE_WAIT_MS` even if the store does not answer. */
const WRITE_OF_CLIENT: WriteOptions = { useHeadroom: true, onTimeout: 'detach' };

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/** Who acts on a task. */
export interface TaskActor {
  /** The user in the engine's sense, as the caller names it; null if it names none. */
  readonly userId: string | null;
  readonly requester: Requester;
  /** The processes whose tasks the caller may change. */
  readonly access: ProcessAccess;
}

/** How a task is left: completed, or by a BPMN error. */
export type TaskLeaving = {
  /** Emptied once they are sent and in the trail, so that a waiting request holds nothing large. */
  variables: Readonly<Record<string, unknown>>;
  /** Called when the variables are emptied. */
  readonly onEmptied?: () => void;
} & (
  | { readonly kind: 'complete' }
  | { readonly kind: 'bpmn-error'; readonly errorCode: string; readonly errorMessage: string | null }
);

/** Claims, releases and completes tasks of people in the engine. */
@Injectable()
export class ProcessTaskService {
  private readonly logger = new Logger('ProcessTask');

  constructor(
    private readonly tasks: EngineTasksClient,
    private readonly list: TaskListService,
    private readonly sender: TaskCommandSender,
    private readonly nextTasks: NextTaskService,
    private readonly waits: OutcomeWaitService,
    private readonly store: ProcessStoreService,
    private readonly trail: ProcessTrailService,
  ) {}

  /** Makes a user the assignee of a task; a repeated claim of the same user changes nothing. */
  async claim(id: string, userId: string, actor: TaskActor): Promise<FoundTask | TaskObstacle> {
    return this.guarded(async () => {
      const found = await this.findOpen(id, actor.access);
      if ('kind' in found) return found;
      const obstacle = await this.sender.send(found, null, () => this.tasks.claim(id, userId));
      if (obstacle !== null) return obstacle;
      await this.log(found, { stepName: 'task-claim', result: 'Task claimed' }, actor);
      return this.changed(id, actor);
    });
  }

  /** Removes the assignee of a task. If the actor is a user, the task must not belong to another one. */
  async unclaim(id: string, actor: TaskActor): Promise<FoundTask | TaskObstacle> {
    return this.guarded(async () => {
      const found = await this.findOpen(id, actor.access);
      if ('kind' in found) return found;
      const held = heldByOther(found, actor);
      if (held !== null) return held;
      const obstacle = await this.sender.send(found, null, () => this.tasks.unclaim(id));
      if (obstacle !== null) return obstacle;
      await this.log(found, { stepName: 'task-unclaim', result: 'Task released' }, actor);
      return this.changed(id, actor);
    });
  }

  /**
   * Completes a task or raises a BPMN error at it, and waits for the outcome of the process or its next task.
   *
   * A call to the engine without an answer is repeated and checked, so that a completed task is never reported as failed.
   *
   * @param waitMs longest wait in milliseconds; 0 does not wait
   */
  async leave(
    id: string,
    leaving: TaskLeaving,
    actor: TaskActor,
    onCallerGone: OnCallerGone,
    waitMs: number,
  ): Promise<TaskSuccession | TaskObstacle> {
    const faults = findVariableFaults(leaving.variables);
    if (faults.length > 0) return { kind: 'unacceptable-variables', faults };
    return this.guarded(async () => {
      const found = await this.findOpen(id, actor.access);
      if ('kind' in found) return found;
      const held = heldByOther(found, actor);
      if (held !== null) return held;
      // Registered before the call to the engine: a fast process ends before the call returns.
      const wait = this.waits.waitFor(found.record.correlationId, waitMs);
      try {
        const endedBy = leaving.kind === 'complete' ? 'completed' : 'deleted';
        const obstacle = await this.sender.send(found, endedBy, () => this.sendLeaving(id, leaving));
        if (obstacle !== null) return obstacle;
        onCallerGone(wait.cancel);
        return await this.succession(found, leaving, actor, waitMs === 0 ? null : wait);
      } finally {
        wait.cancel();
      }
    });
  }

  /** A task after it was changed. */
  private async changed(id: string, { access }: TaskActor): Promise<FoundTask | TaskObstacle> {
    const found = await this.list.get(id, [], access);
    return found.kind === 'engine-unavailable' ? { ...found, inDoubt: true } : found;
  }

  private sendLeaving(id: string, leaving: TaskLeaving): Promise<void> {
    const variables = toTypedVariables(leaving.variables);
    if (leaving.kind === 'complete') return this.tasks.complete(id, variables);
    const { errorCode, errorMessage } = leaving;
    return this.tasks.raiseBpmnError(id, { errorCode, errorMessage, variables });
  }

  private async succession(
    found: OpenTask,
    leaving: TaskLeaving,
    actor: TaskActor,
    wait: Wait<ProcessRecord> | null,
  ): Promise<TaskSuccession | TaskObstacle> {
    const { correlationId } = found.record;
    const event =
      leaving.kind === 'complete'
        ? {
            stepName: 'task-complete',
            result: 'Task completed',
            requestData: { variables: leaving.variables },
          }
        : {
            stepName: 'task-bpmn-error',
            result: 'BPMN error raised',
            requestData: {
              errorCode: leaving.errorCode,
              errorMessage: leaving.errorMessage,
              variables: leaving.variables,
            },
          };
    await this.log(found, event, actor);
    leaving.variables = NO_VARIABLES;
    leaving.onEmptied?.();
    const current = await this.store.get(correlationId);
    const next =
      wait === null || current?.status !== 'pending'
        ? { record: current, tasks: [] }
        : await this.nextTasks.next(found.record, wait);
    // A row of a pending process is removed only by a refused start, and this one has an instance.
    if (next.record === null) return { kind: 'unknown' };
    return { kind: 'left', record: next.record, nextTasks: next.tasks };
  }

  /** The open task; else what became of it. @throws EngineCallError */
  private async findOpen(id: string, access: ProcessAccess): Promise<OpenTask | TaskObstacle> {
    const open = await this.list.find(id, access);
    if (open !== null) return open;
    const end = await this.sender.endOf(id);
    return end !== null && access.allows(end.record) ? end : { kind: 'unknown' };
  }

  /** Converts errors of the engine before anything was sent to a result. */
  private async guarded<T>(run: () => Promise<T | TaskObstacle>): Promise<T | TaskObstacle> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      return { kind: 'engine-unavailable', inDoubt: false, cause: error };
    }
  }

  /** Writes the event of an action; the action is done already, so a failure is only logged. */
  private async log(
    { task, record }: OpenTask,
    event: { readonly stepName: string; readonly result: string; readonly requestData?: unknown },
    { userId, requester }: TaskActor,
  ): Promise<void> {
    const metadata = {
      taskId: task.id,
      taskDefinitionKey: task.taskDefinitionKey,
      taskName: task.name ?? null,
      assignee: task.assignee ?? null,
      userId: userId ?? requester.principal,
      requestedBy: requester,
    };
    try {
      await this.trail.log(
        record,
        { status: 'ok', httpStatusCode: 200, metadata, ...event },
        WRITE_OF_CLIENT,
      );
    } catch (error) {
      const { correlationId } = record;
      this.logger.warn({
        msg: 'An action on a task is not in the trail.',
        correlationId,
        ...metadata,
        err: error,
      });
    }
  }
}

/** The obstacle that the task belongs to another user than the actor; null if it does not. */
function heldByOther({ task: { assignee }, record }: OpenTask, { userId }: TaskActor): TaskObstacle | null {
  if (userId === null || assignee == null || assignee === userId) return null;
  return { kind: 'claimed', record, assignee };
}
