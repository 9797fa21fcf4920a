import { ActivityState, type VariableState, type Wait } from './activity.state.js';
import type { TypedValue, VariableType } from './typed-value.types.js';

/** Marks an absent value. */
type None = 0;
const NONE: None = 0;

/**
 * One activity instance as plain JSON data. It is written with every step of a process, so it is an array: two thirds
 * of the length of an object with names.
 */
export type ActivitySnapshot = readonly [
  id: string,
  nodeId: string,
  /** None if it is the execution of the process instance. */
  executionId: string | None,
  startTime: number,
  isVariableScope: boolean,
  sequence: number,
  taskId: string | None,
  waits: readonly Wait[] | None,
  calledInstanceId: string | None,
  variables: readonly VariableSnapshot[] | None,
  children: readonly ActivitySnapshot[] | None,
];

/** A variable; trailing empty values are left out. */
type VariableSnapshot = readonly [
  name: string,
  id: string,
  createTime: number,
  type: VariableType,
  value: TypedValue['value'],
  valueInfo?: TypedValue['valueInfo'],
  shownIn?: string,
];

/** @param rootExecutionId id of the process instance, which is also the id of its own execution */
export function snapshotActivity(activity: ActivityState, rootExecutionId: string): ActivitySnapshot {
  const { executionId, variables, children } = activity;
  return [
    activity.id,
    activity.nodeId,
    executionId === rootExecutionId ? NONE : executionId,
    activity.startTime,
    activity.isVariableScope,
    activity.sequence,
    activity.taskId ?? NONE,
    activity.waits ?? NONE,
    activity.calledInstanceId ?? NONE,
    variables === null ? NONE : snapshotVariables(variables),
    children.length === 0 ? NONE : children.map((child) => snapshotActivity(child, rootExecutionId)),
  ];
}

/** @param rootExecutionId as for {@link snapshotActivity} */
export function restoreActivity(
  snapshot: ActivitySnapshot,
  rootExecutionId: string,
  parent: ActivityState | null,
): ActivityState {
  const [id, nodeId, executionId, startTime, isVariableScope, sequence, ...parts] = snapshot;
  const [taskId, waits, calledInstanceId, variables, children] = parts;
  const activity = new ActivityState(
    id,
    nodeId,
    executionId === NONE ? rootExecutionId : executionId,
    parent,
    startTime,
    isVariableScope,
    sequence,
  );
  if (taskId !== NONE) activity.taskId = taskId;
  if (waits !== NONE) activity.waits = waits;
  if (calledInstanceId !== NONE) activity.calledInstanceId = calledInstanceId;
  if (variables !== NONE) activity.variables = new Map(variables.map(restoreVariable));
  if (children !== NONE) {
    for (const child of children) activity.children.push(restoreActivity(child, rootExecutionId, activity));
  }
  return activity;
}

function snapshotVariables(variables: ReadonlyMap<string, VariableState>): VariableSnapshot[] {
  const snapshots: VariableSnapshot[] = [];
  for (const [name, variable] of variables) snapshots.push(snapshotVariable(name, variable));
  return snapshots;
}

function snapshotVariable(name: string, variable: VariableState): VariableSnapshot {
  const { id, createTime, shownIn } = variable;
  const { type, value, valueInfo } = variable.value;
  if (shownIn !== undefined) return [name, id, createTime, type, value, valueInfo, shownIn];
  return Object.keys(valueInfo).length > 0
    ? [name, id, createTime, type, value, valueInfo]
    : [name, id, createTime, type, value];
}

function restoreVariable(snapshot: VariableSnapshot): [string, VariableState] {
  const [name, id, createTime, type, value, valueInfo = {}, shownIn] = snapshot;
  const state = { id, value: { type, value, valueInfo }, createTime };
  return [name, shownIn === undefined ? state : { shownIn, ...state }];
}
