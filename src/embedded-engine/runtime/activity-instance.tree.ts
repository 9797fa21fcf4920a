import type { IncidentRecord } from '../state/records.types.js';
import type { ActivityState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';

/** The current activity instances of a process instance as a tree; the root represents the instance itself. */
export interface ActivityInstanceView {
  /** `activityId:uuid`; the root's is the process instance id. */
  readonly id: string;
  readonly parentActivityInstanceId: string | null;
  /** The root's is the process definition id. */
  readonly activityId: string;
  readonly activityName: string | null;
  /** `processDefinition` at the root. */
  readonly activityType: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly executionIds: readonly string[];
  readonly childActivityInstances: readonly ActivityInstanceView[];
  readonly incidents: readonly { readonly id: string; readonly activityId: string }[];
}

/** The tree of current activity instances, as in Camunda's response. */
export function activityInstanceTree(
  instance: ProcessInstanceState,
  definition: ExecutableDefinition,
  incidentsOf: (activity: ActivityState) => readonly IncidentRecord[],
): ActivityInstanceView {
  const view = (activity: ActivityState): ActivityInstanceView => {
    const node = activity.parent === null ? null : definition.node(activity.nodeId);
    return {
      id: activity.id,
      parentActivityInstanceId: activity.parent?.id ?? null,
      activityId: node?.id ?? definition.record.id,
      activityName: node === null ? definition.record.name : node.name,
      activityType: node?.activityType ?? 'processDefinition',
      processInstanceId: instance.id,
      processDefinitionId: definition.record.id,
      executionIds: [activity.executionId],
      childActivityInstances: activity.children.map(view),
      incidents: incidentsOf(activity).map(({ id, activityId }) => ({ id, activityId })),
    };
  };
  return view(instance.root);
}
