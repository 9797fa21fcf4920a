import type { FlowNode, MessageTrigger, TimerTrigger, Trigger } from '../model/index.js';
import type { ActivityState, Wait } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import { type InstanceContext, textOf } from './instance.context.js';
import { dueDateOf } from './timer.due-date.js';

/** Number of attempts of a job, as in Camunda. */
const DEFAULT_JOB_RETRIES = 3;

/** An element with a trigger: boundary event, catch event, start of an event sub-process. */
interface TriggeredNode {
  readonly id: string;
  readonly trigger: Trigger;
}

/** Creates the timers and message subscriptions of `owner`. Error events need no subscription. */
export function awaitEvents(
  context: InstanceContext,
  owner: ActivityState,
  events: readonly TriggeredNode[],
): void {
  for (const { id, trigger } of events) {
    if (trigger.kind === 'timer') awaitTimer(context, owner, id, trigger);
    else if (trigger.kind === 'message') awaitMessage(context, owner, id, trigger);
  }
}

/** Returns the events that a token at this node waits for: its own, or those after an event-based gateway. */
export function triggersOf(context: InstanceContext, node: FlowNode): readonly TriggeredNode[] {
  switch (node.kind) {
    case 'catchEvent':
      return [node];
    case 'receiveTask':
      return node.message === null ? [] : [{ id: node.id, trigger: node.message }];
    case 'eventBasedGateway':
      return node.outgoing.flatMap((flow) => triggersOf(context, context.definition.node(flow.targetId)));
    default:
      return [];
  }
}

/** Ends one wait of an activity instance. */
export function endWait(context: InstanceContext, owner: ActivityState, wait: Wait): void {
  const left = (owner.waits ?? []).filter((one) => one !== wait);
  owner.waits = left.length === 0 ? null : left;
  if (wait.kind === 'job') context.work.removeJob(wait.id);
  else if (wait.kind === 'subscription') context.work.changes.subscriptions.set(wait.id, null);
  else context.work.changes.userTasks.set(wait.id, null);
}

/** Ends all waits of an activity instance except its external task. */
export function endWaits(context: InstanceContext, owner: ActivityState): void {
  for (const wait of owner.waits ?? []) endWait(context, owner, wait);
}

/** Adds a wait to an activity instance. */
export function addWait(owner: ActivityState, wait: Wait): void {
  owner.waits = [...(owner.waits ?? []), wait];
}

function awaitTimer(
  context: InstanceContext,
  owner: ActivityState,
  nodeId: string,
  trigger: TimerTrigger,
): void {
  const { work } = context;
  const value = trigger.expression.evaluate(context.scopeOf(owner));
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
    ...placeOf(context, owner, nodeId),
    processDefinitionKey: context.definition.record.key,
  });
  addWait(owner, { kind: 'job', id, nodeId });
}

function awaitMessage(
  context: InstanceContext,
  owner: ActivityState,
  nodeId: string,
  trigger: MessageTrigger,
): void {
  const { work } = context;
  const name = trigger.messageName.evaluate(context.scopeOf(owner));
  if (name === null || name === undefined)
    throw new ProcessEngineError(`The message name of '${nodeId}' is null: ${trigger.messageName.text}`);
  const eventName = textOf(name);
  const id = work.newId();
  work.changes.subscriptions.set(id, {
    id,
    eventType: 'message',
    eventName,
    createTime: work.now,
    ...placeOf(context, owner, nodeId),
  });
  addWait(owner, { kind: 'subscription', id, nodeId });
}

function placeOf(context: InstanceContext, owner: ActivityState, activityId: string) {
  return {
    suspended: false,
    activityId,
    activityInstanceId: owner.id,
    executionId: owner.executionId,
    processInstanceId: context.instance.id,
    processDefinitionId: context.definition.record.id,
    tenantId: context.instance.header.tenantId,
  };
}
