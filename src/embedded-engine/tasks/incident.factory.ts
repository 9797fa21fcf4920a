import type { ExternalTaskRecord, IncidentRecord } from '../persist/records.types.js';

/** The incident of a task that has no retries left. */
export function createIncident(id: string, now: number, task: ExternalTaskRecord): IncidentRecord {
  return {
    id,
    incidentType: 'failedExternalTask',
    incidentTimestamp: now,
    incidentMessage: task.errorMessage,
    configuration: task.id,
    activityId: task.activityId,
    failedActivityId: task.activityId,
    executionId: task.executionId,
    processInstanceId: task.processInstanceId,
    processDefinitionId: task.processDefinitionId,
    causeIncidentId: id,
    rootCauseIncidentId: id,
    tenantId: task.tenantId,
  };
}
