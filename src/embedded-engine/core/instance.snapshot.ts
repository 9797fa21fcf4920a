import { ActivityState } from './activity.state.js';
import type { VariableState, Wait } from './activity.state.js';
import { ProcessEngineError } from './engine.errors.js';

/** Version of {@link InstanceSnapshot}; a newer one is refused. */
export const SNAPSHOT_FORMAT = 1;

/** The call activity that has called an instance. */
export interface Caller {
  readonly processInstanceId: string;
  readonly activityInstanceId: string;
  /** The instance at the top of all calls. */
  readonly rootProcessInstanceId: string;
}

/** What an instance is made with. */
export interface ProcessInstanceHeader {
  readonly id: string;
  readonly definitionId: string;
  readonly businessKey: string | null;
  readonly tenantId: string | null;
  readonly startTime: number;
  readonly startActivityId: string;
  /** Null for an instance that was started from outside. */
  readonly caller: Caller | null;
}

/** An instance as plain JSON data. */
export interface InstanceSnapshot {
  readonly format: number;
  readonly header: ProcessInstanceHeader;
  readonly root: ActivitySnapshot;
  readonly suspended?: true;
}

/** One activity instance as plain JSON data; what is empty is left out. */
export interface ActivitySnapshot {
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
  readonly children?: readonly ActivitySnapshot[];
}

export function snapshotActivity(activity: ActivityState): ActivitySnapshot {
  const { id, nodeId, executionId, startTime, isVariableScope, taskId, variables, children } = activity;
  const { waits, calledInstanceId, sequence } = activity;
  return {
    id,
    nodeId,
    executionId,
    startTime,
    isVariableScope,
    sequence,
    ...(taskId !== null && { taskId }),
    ...(waits !== null && { waits }),
    ...(calledInstanceId !== null && { calledInstanceId }),
    ...(variables !== null && { variables: [...variables] }),
    ...(children.length > 0 && { children: children.map(snapshotActivity) }),
  };
}

export function restoreActivity(snapshot: ActivitySnapshot, parent: ActivityState | null): ActivityState {
  const { id, nodeId, executionId, startTime, isVariableScope, sequence } = snapshot;
  const activity = new ActivityState(id, nodeId, executionId, parent, startTime, isVariableScope, sequence);
  activity.taskId = snapshot.taskId ?? null;
  activity.waits = snapshot.waits ?? null;
  activity.calledInstanceId = snapshot.calledInstanceId ?? null;
  if (snapshot.variables !== undefined) activity.variables = new Map(snapshot.variables);
  for (const child of snapshot.children ?? []) activity.children.push(restoreActivity(child, activity));
  return activity;
}

/** @throws ProcessEngine for a format that this version does not know */
export function assertKnownFormat(snapshot: InstanceSnapshot): void {
  if (snapshot.format === SNAPSHOT_FORMAT) return;
  throw new ProcessEngineError(
    `The instance ${snapshot.header.id} was written in format ${snapshot.format}; this engine reads ${SNAPSHOT_FORMAT}.`,
  );
}
