/** A task whose outcome may be that of its whole process. */
export interface TaskOutcomeFacts {
  readonly correlationId: string;
  readonly processInstanceId: string;
  readonly processDefinitionKey: string;
  readonly traceabilityId: string | null;
  readonly taskId: string;
  readonly stepName: string;
  /** Place in the process's list of steps, from 1; null for a topic that is in none. */
  readonly step: number | null;
}

/** What the life of a process wants to hear from its workers; bound by the application, where somebody listens. */
export abstract class TaskOutcomeListener {
  /** The engine has accepted a failure with no retries left: the process stands still until an operator repairs it. */
  abstract incident(facts: TaskOutcomeFacts & { readonly error: string }): Promise<void>;

  /**
   * After a BPMN error the instance is no longer there. Where its error path has run to the end meanwhile, the process
   * has its outcome already, and that one counts.
   */
  abstract unhandledBpmnError(
    facts: TaskOutcomeFacts & { readonly errorCode: string; readonly errorMessage: string },
  ): Promise<void>;
}
