/** The parts that each entry of {@link WaitingFor} has. */
interface WaitBase {
  /** Id of the task, subscription, job or incident in the engine. */
  readonly id: string;
  /** Name of the element or of the task; null if it has none. */
  readonly name: string | null;
  /** Id of the element in the model; null if the engine does not give it. */
  readonly activityId: string | null;
  /** ISO 8601; null if the engine does not give it. */
  readonly since: string | null;
}

/** One thing that an instance waits for. */
export type WaitingFor =
  | (WaitBase & {
      readonly kind: 'incident';
      readonly incidentType: string;
      readonly message: string | null;
    })
  | (WaitBase & {
      readonly kind: 'userTask';
      readonly assignee: string | null;
      /** ISO 8601. */
      readonly due: string | null;
      readonly formKey: string | null;
    })
  | (WaitBase & { readonly kind: 'message'; readonly messageName: string | null })
  | (WaitBase & {
      readonly kind: 'timer';
      /** ISO 8601. */
      readonly due: string | null;
    })
  | (WaitBase & {
      readonly kind: 'externalTask';
      readonly topicName: string | null;
      /** Null until an attempt has failed. */
      readonly retries: number | null;
    });

/** What an instance waits for, and what is needed to decide whether a caller may wait for it. */
export interface InstanceWaits {
  /** At most {@link MAX_WAITS}; incidents first, then user tasks, messages, timers, external tasks. */
  readonly entries: readonly WaitingFor[];
  /** The instance, and the instances that were called and looked at. */
  readonly instanceIds: readonly string[];
  /** False if there are called instances that were not looked at. */
  readonly isComplete: boolean;
  /** True if a worker has something to do, or an incident is open. */
  readonly hasWork: boolean;
  /** When the first timer falls due, in ms since the epoch; null if there is none. */
  readonly firstDueAt: number | null;
}

/** Entries of one process. */
export const MAX_WAITS = 20;
