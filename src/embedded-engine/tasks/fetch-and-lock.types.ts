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
  /** Any of these process variables has this plain value. */
  readonly processVariables?: ReadonlyMap<string, unknown> | undefined;
  /** Names to hand out; absent: all, empty: none. */
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
  /** Milliseconds that the request may be parked, at most 1 800 000; null: answer at once. */
  readonly asyncResponseTimeout: number | null;
  /** Order by creation beside the priority; null: none is promised (it is the order of creation). */
  readonly createTime: 'asc' | 'desc' | null;
  /** Two of the same name: the last wins. */
  readonly topics: readonly TopicSubscription[];
  /** The caller ends with the engine's process, so locks that it is given need not outlive it. Default: false. */
  readonly sharesProcess?: boolean;
}

export interface LockedExternalTask extends ExternalTaskRecord {
  readonly variables: Variables;
  readonly extensionProperties: Readonly<Record<string, string>>;
}

/** A fetch under way. */
export interface PendingFetch {
  /** The locked tasks; empty after the time-out or `cancel()`; rejects when the input is wrong or the engine closes. */
  readonly tasks: Promise<readonly LockedExternalTask[]>;
  /** The client has gone: nothing is locked for it any more. Harmless when answered already. */
  cancel(): void;
}
