import type { ActivityInstanceView } from '../../runtime/activity-instance.tree.js';
import type { ProcessInstanceView } from '../../query/process-instance.query.js';

/** ProcessInstanceDto. */
export function presentProcessInstance(
  instance: ProcessInstanceView,
  links: readonly unknown[] = [],
): Record<string, unknown> {
  return {
    links,
    id: instance.id,
    definitionId: instance.definitionId,
    definitionKey: instance.definitionKey,
    businessKey: instance.businessKey,
    caseInstanceId: null,
    ended: instance.ended,
    suspended: instance.suspended,
    tenantId: instance.tenantId,
  };
}

/** ActivityInstanceDto with its descendants. */
export function presentActivityInstance(activity: ActivityInstanceView): Record<string, unknown> {
  return {
    id: activity.id,
    parentActivityInstanceId: activity.parentActivityInstanceId,
    activityId: activity.activityId,
    activityType: activity.activityType,
    processInstanceId: activity.processInstanceId,
    processDefinitionId: activity.processDefinitionId,
    childActivityInstances: activity.childActivityInstances.map(presentActivityInstance),
    childTransitionInstances: [],
    executionIds: activity.executionIds,
    activityName: activity.activityName,
    incidentIds: activity.incidents.map((incident) => incident.id),
    incidents: activity.incidents,
    name: activity.activityName,
  };
}
