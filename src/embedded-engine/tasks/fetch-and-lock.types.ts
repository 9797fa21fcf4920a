import type { ExternalTaskRecord } from '../state/records.types.js';
import type { Variables } from '../state/typed-value.types.js';

export interface TopicSubscription {
  readonly topicName: string;
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly businessKey?: string | undefined;
  readonly processDefinitionId?: string | undefined;
  readonly processDefinitionIdIn?: readonly string[] | undefined;
  readonly processDefinitionKey?: string | undefined;
  readonly processDefinitionKeyIn?: readonly string[] | undefined;
  /** SQL LIKE pattern. */
  readonly processDefinitionVersionTag?: string | undefined;
  readonly withoutTenantId?: boolean | undefined;
  readonly tenantIdIn?: readonly string[] | undefined;
  /** Matches if any of these process variables has this plain value. */
  readonly processVariables?: ReadonlyMap<string, unknown> | undefined;
  /** Names of the variables to return; absent: all, empty: none. */
  readonly variables?: readonly string[] | undefined;
  /** Only variables of the task's own scope. */
  readonly localVariables?: boolean | undefined;
  readonly includeExtensionProperties?: boolean | undefined;
}

export interface FetchInput {
  /** @throws NullValue when null or empty */
  readonly workerId: string | null;
  /** 0 or less: none. */
  readonly maxTasks: number;
  readonly usePriority: boolean;
  /** Milliseconds that the request may wait, at most 1 800 000; null: respond at once. */
  readonly asyncResponseTimeout: number | null;
  /** Order by creation in addition to the priority; null: unspecified (it is the order of creation). */
  readonly createTime: 'asc' | 'desc' | null;
  /** The last of several subscriptions to a topic applies. */
  readonly topics: readonly TopicSubscription[];
  /** The caller ends with the engine's process, so its locks need not be durable. Default: false. */
  readonly sharesProcess?: boolean;
}

export interface LockedExternalTask extends ExternalTaskRecord {
  readonly variables: Variables;
  readonly extensionProperties: Readonly<Record<string, string>>;
}

/** A pending fetch. */
export interface PendingFetch {
  /** The locked tasks; empty after the timeout or `cancel()`. Rejects for invalid input or when the engine closes. */
  readonly tasks: Promise<readonly LockedExternalTask[]>;
  /**
   * Cancels the fetch because the client has disconnected: no task is locked for it any more. No effect after the
   * response.
   */
  cancel(): void;
}
