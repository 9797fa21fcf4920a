import type { ProcessAccess } from '../../auth/index.js';
import type { EngineCallError, UserTask } from '../../camunda-engine/index.js';
import type { ProcessHead, ProcessRecord } from '../../process-store/index.js';
import type { VariableFault } from './start-variables.js';

/** An open task of a person in a process of this service. */
export interface OpenTask {
  readonly task: UserTask;
  /** The row of the process that was started; the task may be in an instance that it has called. */
  readonly record: ProcessHead;
}

/** An open task with everything that clients see of it. */
export interface ShownTask extends OpenTask {
  readonly candidateUsers: readonly string[];
  readonly candidateGroups: readonly string[];
  /** The variables that the client named, as JSON values; null for one that the task does not see. */
  readonly variables: Readonly<Record<string, unknown>> | null;
}

export interface FoundTask {
  readonly kind: 'task';
  readonly task: ShownTask;
}

/** A place in the list of tasks. */
export interface TaskPosition {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly id: string;
}

/** Selects open tasks, oldest first. */
export interface TaskQuery {
  readonly correlationId?: string;
  /** The key of the process that was started. */
  readonly processKey?: string;
  readonly assignee?: string;
  /** A group that may claim the task; only tasks without an assignee. */
  readonly candidateGroup?: string;
  readonly name?: string;
  /** Names of variables to show. */
  readonly variables: readonly string[];
  readonly limit: number;
  /** The processes whose tasks the caller may see; absent: all. */
  readonly access?: ProcessAccess;
  /** The page begins after this place; null: at the first task. */
  readonly after: TaskPosition | null;
}

export interface TaskPage {
  readonly kind: 'page';
  readonly tasks: readonly ShownTask[];
  /** Null on the last page. */
  readonly next: TaskPosition | null;
}

/** Why nothing was done with a task. */
export type TaskObstacle =
  /** No open task has the id, or its process is not one of this service, or the caller may not act on it. */
  | { readonly kind: 'unknown' }
  /** Another user has the task. */
  | { readonly kind: 'claimed'; readonly record: ProcessHead; readonly assignee: string | null }
  /** The task was completed or removed before. */
  | {
      readonly kind: 'ended';
      readonly record: ProcessHead;
      /** Who had the task. */
      readonly assignee: string | null;
      readonly endedAt: Date;
      readonly completed: boolean;
    }
  /** The engine rolled the command back; the task is still open. */
  | { readonly kind: 'refused'; readonly record: ProcessHead; readonly reason: string }
  | { readonly kind: 'unacceptable-variables'; readonly faults: readonly VariableFault[] }
  /** The engine does not accept the variables; nothing was changed. */
  | { readonly kind: 'bad-variables'; readonly cause: unknown }
  /** The engine cannot be used. */
  | {
      readonly kind: 'engine-unavailable';
      /** Whether the engine may have executed the command. */
      readonly inDoubt: boolean;
      readonly cause: EngineCallError;
    };

/** What comes after a task: the state of the process, and its tasks that are open now. */
export interface TaskSuccession {
  readonly kind: 'left';
  readonly record: ProcessRecord;
  /** Empty once the process has an outcome, and if no task appeared during the wait. */
  readonly nextTasks: readonly ShownTask[];
}

/** The place of a task in the list. */
export function positionOf({ created, id }: UserTask): TaskPosition {
  return { createdAt: new Date(created).getTime(), id };
}

/** True if a task comes after a place in the list. */
export function isAfter(task: UserTask, place: TaskPosition): boolean {
  const { createdAt, id } = positionOf(task);
  return createdAt === place.createdAt ? id > place.id : createdAt > place.createdAt;
}
