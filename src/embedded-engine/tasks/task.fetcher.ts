import type { FetchInput, LockedExternalTask, TopicSubscription } from './fetch-and-lock.types.js';
import type { EngineState } from '../state/engine.state.js';
import { isLike } from '../query/define/like.pattern.js';
import type { Variables } from '../state/typed-value.types.js';
import { localVariables, visibleVariables } from '../core/variable.scopes.js';
import type { ChangeSet } from '../state/change-set.js';
import type { ExternalTaskRecord } from '../state/records.types.js';
import type { AvailableTasks } from './available-tasks.js';

const NO_VARIABLES: Variables = new Map();

/** Finds and locks tasks for a fetch. */
export class TaskFetcher {
  constructor(
    private readonly state: EngineState,
    private readonly available: AvailableTasks,
  ) {}

  /** Locks available tasks, at most `maxTasks`, and adds them to `changes`. */
  fetch(input: FetchInput, now: number, changes: ChangeSet): LockedExternalTask[] {
    const subscriptions = new Map(input.topics.map((topic) => [topic.topicName, topic]));
    const chosen = this.choose(input, [...subscriptions.values()]);
    return chosen.map(({ task, subscription }) => {
      const lockExpirationTime = now + subscription.lockDuration;
      const locked = { ...task, workerId: input.workerId, lockExpirationTime };
      const handedOut = this.handOut(locked, subscription);
      changes.tasks.set(task.id, locked);
      this.state.putTask(task.id, locked);
      return handedOut;
    });
  }

  /** Unlocks tasks whose client disconnected before it received them, unless their locks have changed since. */
  release(tasks: readonly LockedExternalTask[], changes: ChangeSet): void {
    for (const { id, workerId, lockExpirationTime } of tasks) {
      const task = this.state.tasks.get(id);
      if (task?.workerId !== workerId || task.lockExpirationTime !== lockExpirationTime) continue;
      const unlocked = { ...task, workerId: null, lockExpirationTime: null };
      changes.tasks.set(id, unlocked);
      this.state.putTask(id, unlocked);
    }
  }

  private choose(
    input: FetchInput,
    subscriptions: readonly TopicSubscription[],
  ): { readonly task: ExternalTaskRecord; readonly subscription: TopicSubscription }[] {
    const wanted = Math.max(input.maxTasks, 0);
    // A queue is ordered by the time at which its tasks became available; any other order needs all of them.
    const limit = input.createTime === null || wanted === 0 ? wanted : Infinity;
    const found = subscriptions.flatMap((subscription) =>
      this.matching(subscription, input.usePriority, limit).map((task) => ({ task, subscription })),
    );
    if (subscriptions.length > 1 || input.createTime !== null) {
      found.sort((a, b) => compareTasks(a.task, b.task, input));
    }
    return found.slice(0, wanted);
  }

  private matching(
    subscription: TopicSubscription,
    usePriority: boolean,
    limit: number,
  ): ExternalTaskRecord[] {
    const tasks: ExternalTaskRecord[] = [];
    if (limit <= 0) return tasks;
    for (const id of this.available.ids(subscription.topicName, usePriority)) {
      const task = this.state.tasks.get(id);
      if (task === undefined || !this.passes(task, subscription)) continue;
      tasks.push(task);
      if (tasks.length >= limit) break;
    }
    return tasks;
  }

  private passes(task: ExternalTaskRecord, wanted: TopicSubscription): boolean {
    return (
      isOrAbsent(wanted.businessKey, task.businessKey) &&
      isOrAbsent(wanted.processDefinitionId, task.processDefinitionId) &&
      isAmong(wanted.processDefinitionIdIn, task.processDefinitionId) &&
      isOrAbsent(wanted.processDefinitionKey, task.processDefinitionKey) &&
      isAmong(wanted.processDefinitionKeyIn, task.processDefinitionKey) &&
      (wanted.processDefinitionVersionTag === undefined ||
        isLike(task.processDefinitionVersionTag, wanted.processDefinitionVersionTag)) &&
      (wanted.withoutTenantId !== true || task.tenantId === null) &&
      isAmong(wanted.tenantIdIn, task.tenantId) &&
      this.hasVariable(task, wanted.processVariables)
    );
  }

  /** Whether any of the process variables has its value. */
  private hasVariable(task: ExternalTaskRecord, wanted: ReadonlyMap<string, unknown> | undefined): boolean {
    if (wanted === undefined || wanted.size === 0) return true;
    const variables = this.state.instances.get(task.processInstanceId)?.root.variables;
    return [...wanted].some(([name, value]) => variables?.get(name)?.value.value === value);
  }

  private handOut(task: ExternalTaskRecord, subscription: TopicSubscription): LockedExternalTask {
    const definition = this.state.definition(task.processDefinitionId);
    const asked = subscription.includeExtensionProperties === true;
    return {
      variables: this.variablesFor(task, subscription),
      extensionProperties: (asked ? definition?.node(task.activityId).extensionProperties : undefined) ?? {},
      ...task,
    };
  }

  private variablesFor(
    task: ExternalTaskRecord,
    { variables: names, localVariables: localOnly }: TopicSubscription,
  ): Variables {
    if (names?.length === 0) return NO_VARIABLES;
    const activity = this.state.instances.get(task.processInstanceId)?.findActivity(task.activityInstanceId);
    if (activity === undefined || activity === null) return NO_VARIABLES;
    const all = localOnly === true ? localVariables(activity) : visibleVariables(activity);
    if (names === undefined) return all;
    return new Map([...all].filter(([name]) => names.includes(name)));
  }
}

function compareTasks(a: ExternalTaskRecord, b: ExternalTaskRecord, input: FetchInput): number {
  const byPriority = input.usePriority ? b.priority - a.priority : 0;
  if (byPriority !== 0) return byPriority;
  return input.createTime === 'desc' ? b.createTime - a.createTime : a.createTime - b.createTime;
}

function isOrAbsent(wanted: string | undefined, value: string | null): boolean {
  return wanted === undefined || wanted === value;
}

function isAmong(wanted: readonly string[] | undefined, value: string | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}
