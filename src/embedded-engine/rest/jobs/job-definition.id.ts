import type { IncidentRecord } from '../../state/records.types.js';

/**
 * Stands for the element of the model whose timers are jobs. Camunda gives each a record of its own with a random id;
 * here the id only tells whether two jobs come of the same element, and there is no resource behind it.
 */
export function jobDefinitionId(processDefinitionId: string, activityId: string): string {
  return `${activityId}:${processDefinitionId}`;
}

/** That of the job that an incident is about; null where it is about an external task. */
export function jobDefinitionIdOf(incident: IncidentRecord): string | null {
  return incident.incidentType === 'failedJob'
    ? jobDefinitionId(incident.processDefinitionId, incident.activityId)
    : null;
}
