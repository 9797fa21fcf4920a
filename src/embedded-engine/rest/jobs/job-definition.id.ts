import type { IncidentRecord } from '../../state/records.types.js';

/**
 * The id of a job definition, an element whose timers are jobs. Camunda has a record with a random id for each. Here the
 * id only identifies the element, and there is no resource with it.
 */
export function jobDefinitionId(processDefinitionId: string, activityId: string): string {
  return `${activityId}:${processDefinitionId}`;
}

/** The job definition id of a failed job's incident; null for the incident of an external task. */
export function jobDefinitionIdOf(incident: IncidentRecord): string | null {
  return incident.incidentType === 'failedJob'
    ? jobDefinitionId(incident.processDefinitionId, incident.activityId)
    : null;
}
