import type { TypedVariables } from '../../camunda-engine/index.js';

/** An external task that the engine has locked for one of our workers. */
export interface FetchedTask {
  readonly id: string;
  readonly topicName: string;
  readonly activityId: string;
  readonly processInstanceId: string;
  /** Execution whose local variables belong to this task only; null if the engine does not send it. */
  readonly executionId: string | null;
  readonly processDefinitionKey: string;
  readonly businessKey: string | null;
  /** Null until the first failure. */
  readonly retries: number | null;
  readonly variables: TypedVariables;
}

/** What is reported to the engine about a failed attempt. */
export interface FailureReport {
  readonly errorMessage: string;
  readonly errorDetails: string;
  /** Retries left; 0 creates an incident. */
  readonly retries: number;
  /** Milliseconds until the task can be fetched again. */
  readonly retryTimeout: number;
  /** Local variables of the task; the engine delivers them with the retry. */
  readonly localVariables?: TypedVariables;
}

/** A BPMN error to throw in the process. */
export interface BpmnErrorReport {
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly variables: TypedVariables;
}

/** The engine calls about a task, sent with the id of the worker that has locked it; they throw `EngineCallError`. */
export interface TaskCalls {
  readonly workerId: string;
  complete(taskId: string, variables: TypedVariables): Promise<void>;
  bpmnError(taskId: string, report: BpmnErrorReport): Promise<void>;
  failure(taskId: string, report: FailureReport): Promise<void>;
  /** @param durationMs from now */
  extendLock(taskId: string, durationMs: number): Promise<void>;
  unlock(taskId: string): Promise<void>;
}
