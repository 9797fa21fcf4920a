import type { TypedVariables } from '../camunda-engine/index.js';

/** A task that the engine has locked for one of our workers. */
export interface FetchedTask {
  readonly id: string;
  readonly topicName: string;
  readonly activityId: string;
  readonly processInstanceId: string;
  /** Whose variables are those of the task alone; null if the engine does not say. */
  readonly executionId: string | null;
  readonly processDefinitionKey: string;
  readonly businessKey: string | null;
  /** Null until the first failure. */
  readonly retries: number | null;
  readonly variables: TypedVariables;
}

/** What the engine keeps of a failed attempt. */
export interface FailureReport {
  readonly errorMessage: string;
  readonly errorDetails: string;
  /** 0: an incident. */
  readonly retries: number;
  /** Milliseconds until the task is handed out again. */
  readonly retryTimeout: number;
  /** Variables of the task itself, which it is handed out with again. */
  readonly localVariables?: TypedVariables;
}

/** A BPMN error as it is thrown in the process. */
export interface BpmnErrorReport {
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly variables: TypedVariables;
}

/** The engine calls about a task, made as the worker that has locked it; they throw `EngineCallError`. */
export interface TaskCalls {
  readonly workerId: string;
  complete(taskId: string, variables: TypedVariables): Promise<void>;
  bpmnError(taskId: string, report: BpmnErrorReport): Promise<void>;
  failure(taskId: string, report: FailureReport): Promise<void>;
  /** @param durationMs from now */
  extendLock(taskId: string, durationMs: number): Promise<void>;
  unlock(taskId: string): Promise<void>;
}
