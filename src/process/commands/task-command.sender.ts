import { Injectable } from '@nestjs/common';
import {
  EngineCallError,
  EngineResponseError,
  EngineTasksClient,
  isTaskGone,
  readEngineFault,
} from '../../camunda-engine/index.js';
import { mayBeExecuted } from './may-be-executed.js';
import type { OpenTask, TaskObstacle } from './process-task.js';
import { TaskProcessFinder } from './task-process.finder.js';

/** The `deleteReason` of the task after a command that ends it; null for a command after which it stays open. */
type EndedBy = 'completed' | 'deleted' | null;

/** Attempts of one command. */
const MAX_ATTEMPTS = 3;

/** `deleteReason` of a completed task in the history. */
const COMPLETED = 'completed';

/** What the engine puts before the reason of a refused completion. */
const COMPLETION_PREFIX = /^Cannot complete task \S+: /;

/** Sends commands on tasks to the engine, and finds out what became of a command without an answer. */
@Injectable()
export class TaskCommandSender {
  constructor(
    private readonly tasks: EngineTasksClient,
    private readonly processes: TaskProcessFinder,
  ) {}

  /**
   * Sends a command on an open task.
   *
   * A command that lost a race against another transaction, or that got no answer, is repeated while the task is open. If
   * the task has ended as the command ends it after a command without an answer, that command counts as executed. If the
   * engine refuses the repetition and the task is still open, the result is in doubt.
   *
   * @returns null if the engine executed the command
   */
  async send(open: OpenTask, endedBy: EndedBy, command: () => Promise<void>): Promise<TaskObstacle | null> {
    let inDoubt = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await command();
        return null;
      } catch (error) {
        if (!(error instanceof EngineCallError)) throw error;
        inDoubt ||= mayBeExecuted(error);
        const obstacle = await this.judge(open, error, inDoubt ? endedBy : null, inDoubt);
        if (obstacle === 'executed') return null;
        // The engine may yet execute the command without an answer, although it refuses the repetition.
        const isUnclear = obstacle !== 'still-open' && obstacle.kind === 'refused' && inDoubt;
        if (obstacle !== 'still-open' && !isUnclear) return obstacle;
        if (isUnclear || attempt === MAX_ATTEMPTS)
          return { kind: 'engine-unavailable', inDoubt, cause: error };
      }
    }
  }

  /**
   * A task of a process of this service that has ended; null if the history has none with this id.
   *
   * @throws EngineCallError
   */
  async endOf(id: string): Promise<Extract<TaskObstacle, { kind: 'ended' }> | null> {
    const task = await this.tasks.findEndedTask(id);
    if (task === null) return null;
    const record = (await this.processes.find([task.processInstanceId])).get(task.processInstanceId);
    if (record === undefined) return null;
    return {
      kind: 'ended',
      record,
      assignee: task.assignee ?? null,
      endedAt: new Date(task.endTime),
      completed: task.deleteReason === COMPLETED,
    };
  }

  /**
   * What a failed command means.
   *
   * @param endedBy how the command may have ended the task; null if it has not
   */
  private async judge(
    open: OpenTask,
    error: EngineCallError,
    endedBy: EndedBy,
    inDoubt: boolean,
  ): Promise<TaskObstacle | 'executed' | 'still-open'> {
    const isReadable = inDoubt || error instanceof EngineResponseError;
    if (!isReadable) return { kind: 'engine-unavailable', inDoubt, cause: error };
    try {
      const refusal = error instanceof EngineResponseError ? await this.refusal(open, error) : null;
      if (refusal !== null) return refusal;
      if ((await this.tasks.getTask(open.task.id)) !== null) return 'still-open';
      const lost = await this.lost(open);
      return endedBy !== null && lost.completed === (endedBy === COMPLETED) ? 'executed' : lost;
    } catch (cause) {
      if (!(cause instanceof EngineCallError)) throw cause;
      return { kind: 'engine-unavailable', inDoubt, cause };
    }
  }

  /** Another one has ended the task before. */
  private async lost(open: OpenTask): Promise<Extract<TaskObstacle, { kind: 'ended' }>> {
    return (
      (await this.endOf(open.task.id)) ?? {
        kind: 'ended',
        record: open.record,
        assignee: open.task.assignee ?? null,
        endedAt: new Date(),
        completed: false,
      }
    );
  }

  /** Why the engine refuses the command for good; null if a repetition may succeed or the task is gone. */
  private async refusal(
    { task, record }: OpenTask,
    error: EngineResponseError,
  ): Promise<TaskObstacle | null> {
    if (isTaskGone(error) || error.optimisticLocking) return null;
    if (error.type === 'TaskAlreadyClaimedException') {
      const now = await this.tasks.getTask(task.id);
      return now === null ? null : { kind: 'claimed', record, assignee: now.assignee ?? null };
    }
    if (error.suspended) return { kind: 'refused', record, reason: 'the process is suspended.' };
    if (error.status === 400) return { kind: 'bad-variables', cause: error };
    // The database of the engine may refuse the loser of a race with an error of its own.
    if ((await this.tasks.getTask(task.id)) === null) return null;
    const message = error.engineMessage.replace(COMPLETION_PREFIX, '');
    const { place, reason } = readEngineFault(message, null, [task.taskDefinitionKey]);
    return { kind: 'refused', record, reason: place === null ? reason : `${place}: ${reason}` };
  }
}
