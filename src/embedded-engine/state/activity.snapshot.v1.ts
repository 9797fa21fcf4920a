import { ActivityState, type VariableState, type Wait } from './activity.state.js';

/** An activity instance in format 1, which is read but no longer written. */
export interface ActivitySnapshotV1 {
  readonly id: string;
  readonly nodeId: string;
  readonly executionId: string;
  readonly startTime: number;
  readonly isVariableScope: boolean;
  readonly sequence: number;
  readonly taskId?: string;
  readonly waits?: readonly Wait[];
  readonly calledInstanceId?: string;
  /** Pairs, because a variable may be called `__proto__`. */
  readonly variables?: readonly (readonly [string, VariableState])[];
  readonly children?: readonly ActivitySnapshotV1[];
}

export function restoreActivityV1(snapshot: ActivitySnapshotV1, parent: ActivityState | null): ActivityState {
  const { id, nodeId, executionId, startTime, isVariableScope, sequence } = snapshot;
  const activity = new ActivityState(id, nodeId, executionId, parent, startTime, isVariableScope, sequence);
  activity.taskId = snapshot.taskId ?? null;
  activity.waits = snapshot.waits ?? null;
  activity.calledInstanceId = snapshot.calledInstanceId ?? null;
  if (snapshot.variables !== undefined) activity.variables = new Map(snapshot.variables);
  for (const child of snapshot.children ?? []) activity.children.push(restoreActivityV1(child, activity));
  return activity;
}
