import type { IncidentRecord } from '../persist/records.types.js';
import type { IncidentQuery, ProcessInstanceQuery, ProcessInstanceView } from './engine-api.types.js';
import type { EngineState } from './engine.state.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from './record.query.js';
import { localVariables } from './variable.scopes.js';

type InstanceSortKey = NonNullable<ProcessInstanceQuery['sorting']>[number]['sortBy'];
type IncidentSortKey = NonNullable<IncidentQuery['sorting']>[number]['sortBy'];

export const INSTANCE_SORT_KEYS: SortKeys<ProcessInstanceView, InstanceSortKey> = {
  instanceId: (instance) => instance.id,
  definitionKey: (instance) => instance.definitionKey,
  definitionId: (instance) => instance.definitionId,
  tenantId: (instance) => instance.tenantId,
  businessKey: (instance) => instance.businessKey,
};

export const INCIDENT_SORT_KEYS: SortKeys<IncidentRecord, IncidentSortKey> = {
  incidentId: (incident) => incident.id,
  incidentTimestamp: (incident) => incident.incidentTimestamp,
  incidentType: (incident) => incident.incidentType,
  activityId: (incident) => incident.activityId,
  processInstanceId: (incident) => incident.processInstanceId,
  processDefinitionId: (incident) => incident.processDefinitionId,
};

/** The filters of running instances; they look at tasks, incidents and variables in the state. */
export function instanceRules(state: EngineState): FilterRules<ProcessInstanceView, ProcessInstanceQuery> {
  const hasIncident = (id: string, passes: (incident: IncidentRecord) => boolean): boolean =>
    state.tasksOf(id).some((task) => {
      const incident = state.incidentOfTask(task.id);
      return incident !== undefined && passes(incident);
    });
  return {
    processInstanceIds: (instance, ids) => ids.includes(instance.id),
    businessKey: (instance, key) => instance.businessKey === key,
    businessKeyLike: (instance, pattern) => isLike(instance.businessKey, pattern),
    processDefinitionId: (instance, id) => instance.definitionId === id,
    processDefinitionKey: (instance, key) => instance.definitionKey === key,
    processDefinitionKeyIn: (instance, keys) => keys.includes(instance.definitionKey),
    processDefinitionKeyNotIn: (instance, keys) => !keys.includes(instance.definitionKey),
    deploymentId: (instance, id) => state.definition(instance.definitionId)?.record.deploymentId === id,
    active: (instance) => !instance.suspended,
    suspended: (instance) => instance.suspended,
    withIncident: ({ id }) => hasIncident(id, () => true),
    incidentId: ({ id }, wanted) => hasIncident(id, (incident) => incident.id === wanted),
    incidentType: ({ id }, wanted) => hasIncident(id, (incident) => incident.incidentType === wanted),
    incidentMessage: ({ id }, wanted) => hasIncident(id, (incident) => incident.incidentMessage === wanted),
    incidentMessageLike: ({ id }, pattern) =>
      hasIncident(id, (incident) => isLike(incident.incidentMessage, pattern)),
    activityIdIn: ({ id }, activityIds) =>
      state
        .instance(id)
        ?.root.find(({ nodeId, parent }) => parent !== null && activityIds.includes(nodeId)) !== null,
    variables: ({ id }, filters) => {
      const root = state.instance(id)?.root;
      return root !== undefined && filters.every((filter) => matchesVariable(localVariables(root), filter));
    },
    tenantIdIn: (instance, tenants) => instance.tenantId !== null && tenants.includes(instance.tenantId),
    withoutTenantId: (instance) => instance.tenantId === null,
  };
}

/** The filters of incidents. */
export function incidentRules(state: EngineState): FilterRules<IncidentRecord, IncidentQuery> {
  return {
    incidentId: (incident, id) => incident.id === id,
    incidentType: (incident, type) => incident.incidentType === type,
    incidentMessage: (incident, message) => incident.incidentMessage === message,
    incidentMessageLike: (incident, pattern) => isLike(incident.incidentMessage, pattern),
    processDefinitionId: (incident, id) => incident.processDefinitionId === id,
    processDefinitionKeyIn: (incident, keys) =>
      keys.includes(state.definition(incident.processDefinitionId)?.record.key ?? ''),
    processInstanceId: (incident, id) => incident.processInstanceId === id,
    executionId: (incident, id) => incident.executionId === id,
    activityId: (incident, id) => incident.activityId === id,
    failedActivityId: (incident, id) => incident.failedActivityId === id,
    causeIncidentId: (incident, id) => incident.causeIncidentId === id,
    rootCauseIncidentId: (incident, id) => incident.rootCauseIncidentId === id,
    configuration: (incident, configuration) => incident.configuration === configuration,
    incidentTimestampBefore: (incident, time) => incident.incidentTimestamp < time,
    incidentTimestampAfter: (incident, time) => incident.incidentTimestamp > time,
    tenantIdIn: (incident, tenants) => incident.tenantId !== null && tenants.includes(incident.tenantId),
  };
}
