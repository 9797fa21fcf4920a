import type { FlowNode, MessageTrigger, TimerTrigger, Trigger } from '../model/index.js';
import type { ActivityState, Wait } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import { type InstanceAtWork, textOf } from './instance-at-work.js';
import { dueDateOf } from './timer.due-date.js';

/** Attempts that a job has, as in Camunda. */
export const DEFAULT_JOB_RETRIES = 3;

/** An element with a trigger: boundary event, catch event, start of an event sub-process. */
interface TriggeredNode {
  readonly id: string;
  readonly trigger: Trigger;
}

/** Lets `owner` wait for the timers and messages of events; errors are waited for by nobody. */
export function awaitEvents(
  at: InstanceAtWork,
  owner: ActivityState,
  events: readonly TriggeredNode[],
): void {
  for (const { id, trigger } of events) {
    if (trigger.kind === 'timer') awaitTimer(at, owner, id, trigger);
    else if (trigger.kind === 'message') awaitMessage(at, owner, id, trigger);
  }
}

/** The event that a node waits for when a token is at it: its own, or one of those behind an event-based gateway. */
export function triggersOf(at: InstanceAtWork, node: FlowNode): readonly TriggeredNode[] {
  switch (node.kind) {
    case 'catchEvent':
      return [node];
    case 'receiveTask':
      return node.message === null ? [] : [{ id: node.id, trigger: node.message }];
    case 'eventBasedGateway':
      return node.outgoing.flatMap((flow) => triggersOf(at, at.definition.node(flow.targetId)));
    default:
      return [];
  }
}

/** Ends one wait of an activity instance. */
export function endWait(at: InstanceAtWork, owner: ActivityState, wait: Wait): void {
  const left = (owner.waits ?? []).filter((one) => one !== wait);
  owner.waits = left.length === 0 ? null : left;
  if (wait.kind === 'job') at.work.removeJob(wait.id);
  else if (wait.kind === 'subscription') at.work.changes.subscriptions.set(wait.id, null);
  else at.work.changes.userTasks.set(wait.id, null);
}

/** Ends everything that an activity instance waits for, its external task apart. */
export function endWaits(at: InstanceAtWork, owner: ActivityState): void {
  for (const wait of owner.waits ?? []) endWait(at, owner, wait);
}

/** Notes that `owner` waits for something. */
export function addWait(owner: ActivityState, wait: Wait): void {
  owner.waits = [...(owner.waits ?? []), wait];
}

function awaitTimer(at: InstanceAtWork, owner: ActivityState, nodeId: string, trigger: TimerTrigger): void {
  const { work } = at;
  const value = trigger.expression.evaluate(at.scopeOf(owner));
  const id = work.newId();
  work.changes.jobs.set(id, {
    id,
    dueDate: dueDateOf(trigger.timer, value, work.now),
    retries: DEFAULT_JOB_RETRIES,
    exceptionMessage: null,
    exceptionStacktrace: null,
    failedActivityId: null,
    createTime: work.now,
    priority: 0,
    ...placeOf(at, owner, nodeId),
    processDefinitionKey: at.definition.record.key,
  });
  addWait(owner, { kind: 'job', id, nodeId });
}

function awaitMessage(
  at: InstanceAtWork,
  owner: ActivityState,
  nodeId: string,
  trigger: MessageTrigger,
): void {
  const { work } = at;
  const name = trigger.messageName.evaluate(at.scopeOf(owner));
  if (name === null || name === undefined)
    throw new ProcessEngineError(`The message name of '${nodeId}' is null: ${trigger.messageName.text}`);
  const eventName = textOf(name);
  const id = work.newId();
  work.changes.subscriptions.set(id, {
    id,
    eventType: 'message',
    eventName,
    createTime: work.now,
    ...placeOf(at, owner, nodeId),
  });
  addWait(owner, { kind: 'subscription', id, nodeId });
}

function placeOf(at: InstanceAtWork, owner: ActivityState, activityId: string) {
  return {
    suspended: false,
    activityId,
    activityInstanceId: owner.id,
    executionId: owner.executionId,
    processInstanceId: at.instance.id,
    processDefinitionId: at.definition.record.id,
    tenantId: at.instance.header.tenantId,
  };
}
