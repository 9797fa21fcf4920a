import type { ExternalTaskRecord, IncidentRecord, JobRecord } from '../state/records.types.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Creates the incident of a task without retries; a task has at most one.
 *
 * @param logId the entry of the task's log with the failure; null if no worker reported one
 */
export function raiseTaskIncident(work: UnitOfWork, task: ExternalTaskRecord, logId: string | null): void {
  raise(work, task, 'failedExternalTask', task.errorMessage, logId);
}

/** Like {@link raiseTaskIncident}, for a job. */
export function raiseJobIncident(work: UnitOfWork, job: JobRecord): void {
  raise(work, job, 'failedJob', job.exceptionMessage, null);
}

function raise(
  work: UnitOfWork,
  cause: ExternalTaskRecord | JobRecord,
  incidentType: IncidentRecord['incidentType'],
  incidentMessage: string | null,
  historyConfiguration: string | null,
): void {
  if (work.incidentOf(cause.id) !== undefined) return;
  const id = work.newId();
  const incident: IncidentRecord = {
    id,
    incidentType,
    incidentTimestamp: work.now,
    incidentMessage,
    configuration: cause.id,
    historyConfiguration,
    activityId: cause.activityId,
    failedActivityId: 'failedActivityId' in cause ? (cause.failedActivityId ?? cause.activityId) : null,
    executionId: cause.executionId,
    processInstanceId: cause.processInstanceId,
    processDefinitionId: cause.processDefinitionId,
    causeIncidentId: id,
    rootCauseIncidentId: id,
    tenantId: cause.tenantId,
  };
  work.addIncident(incident);
  raiseInCaller(work, incident);
}

/** Creates incidents in the calling instances too, so that clients see there that a called instance is stuck. */
function raiseInCaller(work: UnitOfWork, cause: IncidentRecord): void {
  const caller = work.findInstance(cause.processInstanceId)?.header.caller ?? null;
  const calling = caller === null ? undefined : work.findInstance(caller.processInstanceId);
  const activity = caller === null ? null : (calling?.findActivity(caller.activityInstanceId) ?? null);
  if (calling === undefined || activity === null) return;
  const incident: IncidentRecord = {
    ...cause,
    id: work.newId(),
    configuration: null,
    historyConfiguration: null,
    activityId: activity.nodeId,
    executionId: activity.executionId,
    processInstanceId: calling.id,
    processDefinitionId: calling.header.definitionId,
    causeIncidentId: cause.id,
    tenantId: calling.header.tenantId,
  };
  work.addIncident(incident);
  raiseInCaller(work, incident);
}
