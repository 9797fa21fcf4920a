import type { IncidentRecord } from '../persist/records.types.js';
import type { ActivityState } from './activity.state.js';
import type { ActivityInstanceView } from './engine-api.types.js';
import type { ExecutableDefinition } from './executable-definition.js';
import type { ProcessInstanceState } from './process-instance.state.js';

/** What an instance does now, as the tree that Camunda shows. */
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
