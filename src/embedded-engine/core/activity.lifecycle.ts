import type { FlowNode } from '../model/index.js';
import { ActivityState } from '../state/activity.state.js';
import { awaitEvents, endWaits } from './event.waits.js';
import type { ActivityEnd } from './history.recorder.js';
import type { InstanceAtWork } from './instance-at-work.js';
import { evaluateIoValue } from './io-mapping.js';
import { toTypedValue } from './typed-value.converter.js';

/** An activity instance id longer than this is the UUID alone. */
const MAX_ID_LENGTH = 64;

/** Elements that have an execution and variables of their own, whatever else they have. */
const SCOPES: ReadonlySet<FlowNode['kind']> = new Set([
  'externalTask',
  'subProcess',
  'eventSubProcess',
  'callActivity',
  'multiInstanceBody',
  'catchEvent',
  'eventBasedGateway',
]);

/** What leaving the tree does besides. */
export interface CancelOptions {
  /** Whether output mappings run. */
  readonly mapOutputs: boolean;
  /** What to do with an instance that the activity has called and that still runs. */
  readonly endCalled: (processInstanceId: string) => void;
}

/** Puts an activity instance of `node` into the tree; its mappings and events come with {@link enterActivity}. */
export function openActivity(at: InstanceAtWork, scope: ActivityState, node: FlowNode): ActivityState {
  const { work } = at;
  const isInLoop = scope.parent !== null && at.node(scope).kind === 'multiInstanceBody';
  const isScope = SCOPES.has(node.kind) || node.io !== null || node.boundaryEvents.length > 0 || isInLoop;
  const isAlone = scope.children.length === 0 && scope.tokensOnTheWay === 0;
  const executionId = !isScope && isAlone ? scope.executionId : work.newId();
  const id = activityInstanceId(node.id, work.newId());
  const activity = new ActivityState(id, node.id, executionId, scope, work.now, isScope, work.nextSequence());
  scope.children.push(activity);
  at.history.activityStarted(activity);
  return activity;
}

/** Evaluates input mappings, then begins to wait for boundary events and those of event sub-processes inside. */
export function enterActivity(at: InstanceAtWork, activity: ActivityState, node: FlowNode): void {
  // All are evaluated before any is set: an input sees what is around the activity, not the other inputs.
  const inputs = (node.io?.inputs ?? []).map(({ name, value }) => ({
    name,
    value: toTypedValue(evaluateIoValue(value, at.scopeOf(activity))),
  }));
  for (const { name, value } of inputs) at.variables.setLocal(activity, name, value);
  if (node.boundaryEvents.length > 0) awaitEvents(at, activity, node.boundaryEvents);
  enterScope(at, activity);
}

/** Begins to wait for the events of a scope's event sub-processes. */
export function enterScope(at: InstanceAtWork, scope: ActivityState): void {
  const inside = at.scopeModel(scope)?.eventSubProcesses ?? [];
  awaitEvents(
    at,
    scope,
    inside.map(({ start }) => start),
  );
}

/** Takes an activity instance without children out of the tree. */
export function closeActivity(
  at: InstanceAtWork,
  activity: ActivityState,
  end: ActivityEnd,
  { mapOutputs } = { mapOutputs: true },
): void {
  const scope = parentOf(activity);
  if (mapOutputs) mapOutputsOf(at, activity, scope);
  at.history.activityEnded(activity, end);
  if (activity.taskId !== null) removeExternalTask(at, activity.taskId);
  endUserTask(at, activity, end);
  if (activity.waits !== null) endWaits(at, activity);
  activity.removed = true;
  scope.children.splice(scope.children.indexOf(activity), 1);
}

/** Takes an activity instance with all below it out of the tree, the innermost first. */
export function cancelActivity(at: InstanceAtWork, activity: ActivityState, options: CancelOptions): void {
  for (const child of activity.children.toReversed()) cancelActivity(at, child, options);
  if (activity.calledInstanceId !== null) options.endCalled(activity.calledInstanceId);
  closeActivity(at, activity, { canceled: true, completeScope: false }, options);
}

/** Only the root has no parent, and the root is never entered, left or cancelled as an activity. */
export function parentOf(activity: ActivityState): ActivityState {
  if (activity.parent === null) throw new Error(`${activity.id} is the process instance itself`);
  return activity.parent;
}

function mapOutputsOf(at: InstanceAtWork, activity: ActivityState, scope: ActivityState): void {
  for (const output of at.node(activity).io?.outputs ?? []) {
    const value = evaluateIoValue(output.value, at.scopeOf(activity));
    at.variables.set(scope, output.name, toTypedValue(value));
  }
}

/** Its end is in its log: a success was noted when it was reported. */
function removeExternalTask(at: InstanceAtWork, taskId: string): void {
  const { work } = at;
  const isSuccess = work.isCompleted(taskId);
  if (!isSuccess) at.history.taskLogged('DELETED', work.task(taskId));
  work.removeTask(taskId, isSuccess ? 'RESOLVED' : 'DELETED');
}

function endUserTask(at: InstanceAtWork, activity: ActivityState, end: ActivityEnd): void {
  const wait = activity.waits?.find(({ kind }) => kind === 'userTask');
  const task = wait === undefined ? undefined : at.work.userTask(wait.id);
  if (task !== undefined) at.history.userTaskChanged(task, end.canceled ? 'deleted' : 'completed');
}

function activityInstanceId(nodeId: string, uuid: string): string {
  const id = `${nodeId}:${uuid}`;
  return id.length > MAX_ID_LENGTH ? uuid : id;
}
