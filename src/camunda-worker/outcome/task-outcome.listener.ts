/** A task whose outcome may decide its whole process. */
export interface TaskOutcomeFacts {
  readonly correlationId: string;
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  readonly traceabilityId: string | null;
  readonly taskId: string;
  readonly stepName: string;
  /** Position in the process's list of steps, from 1; null if no process lists the topic. */
  readonly step: number | null;
}

/** Port that receives the outcomes of tasks that may end a process; optional, bound by the application. */
export abstract class TaskOutcomeListener {
  /** The engine has completed a task; the step may have been the last one. Must not throw. */
  abstract completed(facts: TaskOutcomeFacts): void;

  /** The engine has accepted a failure with no retries left: the process is blocked until an operator repairs it. */
  abstract incident(facts: TaskOutcomeFacts & { readonly error: string }): Promise<void>;

  /**
   * The instance no longer exists after a BPMN error. If its error path has run to the end meanwhile, the process
   * already has an outcome, and that one counts.
   */
  abstract unhandledBpmnError(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<void>;
}
