import type { IncidentRecord } from '../persist/records.types.js';
import type { ActivityState } from './activity.state.js';
import type { ActivityInstanceView } from './engine-api.types.js';
import type { ExecutableDefinition } from './executable-definition.js';
import type { ProcessInstanceState } from './process-instance.state.js';

/** What an instance does now, as the tree that Camunda shows. */
export function activityInstanceTree(
  instance: ProcessInstanceState,
  definition: ExecutableDefinition,
  incidentOfTask: (taskId: string) => IncidentRecord | undefined,
): ActivityInstanceView {
  const view = (activity: ActivityState): ActivityInstanceView => {
    const node = activity.parent === null ? null : definition.node(activity.nodeId);
    const incident = activity.taskId === null ? undefined : incidentOfTask(activity.taskId);
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
      incidents: incident === undefined ? [] : [{ id: incident.id, activityId: incident.activityId }],
    };
  };
  return view(instance.root);
}
