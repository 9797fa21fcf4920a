import type { IncidentRecord } from '../persist/records.types.js';
import type { ActivityState } from './activity.state.js';
import type {
  ExecutionQuery,
  IncidentQuery,
  ProcessInstanceQuery,
  ProcessInstanceView,
  VariableInstanceQuery,
  VariableInstanceView,
} from './engine-api.types.js';
import type { EngineState } from './engine.state.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from './record.query.js';
import type { ProcessInstanceState } from './process-instance.state.js';
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
    state.incidentsOf(id).some(passes);
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
    rootProcessInstances: ({ id }) => callerOf(state, id) === null,
    leafProcessInstances: ({ id }) => state.calledBy(id).length === 0,
    superProcessInstance: ({ id }, caller) => callerOf(state, id) === caller,
    subProcessInstance: ({ id }, called) => callerOf(state, called) === id,
  };
}

function callerOf(state: EngineState, id: string): string | null {
  return state.instance(id)?.header.caller?.processInstanceId ?? null;
}

/** An execution with its instance. */
export interface ExecutionOfInstance {
  readonly instance: ProcessInstanceState;
  readonly activity: ActivityState;
}

type ExecutionSortKey = NonNullable<ExecutionQuery['sorting']>[number]['sortBy'];

export const EXECUTION_SORT_KEYS = (state: EngineState): SortKeys<ExecutionOfInstance, ExecutionSortKey> => ({
  instanceId: ({ instance }) => instance.id,
  definitionId: ({ instance }) => instance.header.definitionId,
  definitionKey: ({ instance }) => keyOf(state, instance),
  tenantId: ({ instance }) => instance.header.tenantId,
});

function keyOf(state: EngineState, instance: ProcessInstanceState): string {
  return state.definition(instance.header.definitionId)?.record.key ?? '';
}

/** The filters of executions. */
export function executionRules(state: EngineState): FilterRules<ExecutionOfInstance, ExecutionQuery> {
  return {
    processInstanceId: ({ instance }, id) => instance.id === id,
    processDefinitionId: ({ instance }, id) => instance.header.definitionId === id,
    processDefinitionKey: ({ instance }, key) => keyOf(state, instance) === key,
    businessKey: ({ instance }, key) => instance.header.businessKey === key,
    activityId: ({ activity }, id) =>
      activity.find(
        (one) => one.executionId === activity.executionId && one.nodeId === id && one.parent !== null,
      ) !== null,
    messageEventSubscriptionName: ({ activity }, name) =>
      (activity.waits ?? []).some(({ id }) => state.subscription(id)?.eventName === name),
    active: ({ instance }) => !instance.suspended,
    suspended: ({ instance }) => instance.suspended,
    tenantIdIn: ({ instance }, tenants) =>
      instance.header.tenantId !== null && tenants.includes(instance.header.tenantId),
  };
}

type VariableSortKey = NonNullable<VariableInstanceQuery['sorting']>[number]['sortBy'];

export const VARIABLE_SORT_KEYS: SortKeys<VariableInstanceView, VariableSortKey> = {
  variableName: (variable) => variable.name,
  variableType: (variable) => variable.value.type,
  activityInstanceId: (variable) => variable.activityInstanceId,
  tenantId: (variable) => variable.tenantId,
};

export const VARIABLE_INSTANCE_RULES: FilterRules<VariableInstanceView, VariableInstanceQuery> = {
  variableName: (variable, name) => variable.name === name,
  variableNameLike: (variable, pattern) => isLike(variable.name, pattern),
  processInstanceIdIn: (variable, ids) => ids.includes(variable.processInstanceId),
  executionIdIn: (variable, ids) => ids.includes(variable.executionId),
  activityInstanceIdIn: (variable, ids) => ids.includes(variable.activityInstanceId),
  variableValues: (variable, filters) =>
    filters.some((filter) => matchesVariable(new Map([[variable.name, variable.value]]), filter)),
  tenantIdIn: (variable, tenants) => variable.tenantId !== null && tenants.includes(variable.tenantId),
};

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
