import type { FlowNode } from '../model/index.js';
import { ActivityState } from '../state/activity.state.js';
import { prefixedId } from './camunda.limits.js';
import { awaitEvents, endWaits } from './event.waits.js';
import type { ActivityEnd } from './history.recorder.js';
import type { InstanceContext } from './instance.context.js';
import { evaluateIoValue } from './io-mapping.js';
import { toTypedValue } from './typed-value.converter.js';

/** Kinds of element that always have an execution and variables of their own. */
const SCOPES: ReadonlySet<FlowNode['kind']> = new Set([
  'externalTask',
  'subProcess',
  'eventSubProcess',
  'callActivity',
  'multiInstanceBody',
  'catchEvent',
  'eventBasedGateway',
]);

/** Side effects of removing an activity instance from the tree. */
export interface CancelOptions {
  /** Whether output mappings run. */
  readonly mapOutputs: boolean;
  /** Ends a running instance that the activity called. */
  readonly endCalled: (processInstanceId: string) => void;
}

/**
 * Adds an activity instance of `node` to the tree. {@link enterActivity} evaluates its mappings and subscribes to
 * events.
 */
export function openActivity(context: InstanceContext, scope: ActivityState, node: FlowNode): ActivityState {
  const { work } = context;
  const isInLoop = scope.parent !== null && context.node(scope).kind === 'multiInstanceBody';
  const isScope = SCOPES.has(node.kind) || node.io !== null || node.boundaryEvents.length > 0 || isInLoop;
  const isAlone = scope.children.length === 0 && scope.pendingTokens === 0;
  const executionId = !isScope && isAlone ? scope.executionId : work.newId();
  const id = prefixedId(node.id, work.newId());
  const activity = new ActivityState(id, node.id, executionId, scope, work.now, isScope, work.nextSequence());
  scope.children.push(activity);
  context.history.activityStarted(activity);
  return activity;
}

/** Evaluates the input mappings, then subscribes to the boundary events and to the event sub-processes inside. */
export function enterActivity(context: InstanceContext, activity: ActivityState, node: FlowNode): void {
  // All inputs are evaluated before any is set: an input sees the surrounding scope, not the other inputs.
  const inputs = (node.io?.inputs ?? []).map(({ name, value }) => ({
    name,
    value: toTypedValue(evaluateIoValue(value, context.scopeOf(activity))),
  }));
  for (const { name, value } of inputs) context.variables.setLocal(activity, name, value);
  if (node.boundaryEvents.length > 0) awaitEvents(context, activity, node.boundaryEvents);
  enterScope(context, activity);
}

/** Subscribes to the start events of a scope's event sub-processes. */
export function enterScope(context: InstanceContext, scope: ActivityState): void {
  const inside = context.scopeModel(scope)?.eventSubProcesses ?? [];
  awaitEvents(
    context,
    scope,
    inside.map(({ start }) => start),
  );
}

/** Removes an activity instance without children from the tree. */
export function closeActivity(
  context: InstanceContext,
  activity: ActivityState,
  end: ActivityEnd,
  { mapOutputs } = { mapOutputs: true },
): void {
  const scope = parentOf(activity);
  if (mapOutputs) mapOutputsOf(context, activity, scope);
  context.history.activityEnded(activity, end);
  if (activity.taskId !== null) removeExternalTask(context, activity.taskId);
  endUserTask(context, activity, end);
  if (activity.waits !== null) endWaits(context, activity);
  activity.removed = true;
  scope.children.splice(scope.children.indexOf(activity), 1);
}

/** Removes an activity instance and its descendants from the tree, the innermost first. */
export function cancelActivity(
  context: InstanceContext,
  activity: ActivityState,
  options: CancelOptions,
): void {
  for (const child of activity.children.toReversed()) cancelActivity(context, child, options);
  if (activity.calledInstanceId !== null) options.endCalled(activity.calledInstanceId);
  closeActivity(context, activity, { canceled: true, completeScope: false }, options);
}

/** Returns the parent scope. The root has none; it is never entered, left or cancelled as an activity. */
export function parentOf(activity: ActivityState): ActivityState {
  if (activity.parent === null) throw new Error(`${activity.id} is the process instance itself`);
  return activity.parent;
}

function mapOutputsOf(context: InstanceContext, activity: ActivityState, scope: ActivityState): void {
  for (const output of context.node(activity).io?.outputs ?? []) {
    const value = evaluateIoValue(output.value, context.scopeOf(activity));
    context.variables.set(scope, output.name, toTypedValue(value));
  }
}

/** Writes the end of an external task to its log, unless its completion has been logged already. */
function removeExternalTask(context: InstanceContext, taskId: string): void {
  const { work } = context;
  const isSuccess = work.isCompleted(taskId);
  if (!isSuccess) context.history.taskLogged('DELETED', work.task(taskId));
  work.removeTask(taskId, isSuccess ? 'RESOLVED' : 'DELETED');
}

function endUserTask(context: InstanceContext, activity: ActivityState, end: ActivityEnd): void {
  const wait = activity.waits?.find(({ kind }) => kind === 'userTask');
  const task = wait === undefined ? undefined : context.work.userTask(wait.id);
  if (task !== undefined) context.history.userTaskChanged(task, end.canceled ? 'deleted' : 'completed');
}
