import type { Filter, Page, VariableFilter } from '../query/query.types.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from '../query/record.query.js';
import type { IncidentRecord } from '../state/records.types.js';
import type { EngineState } from '../state/engine.state.js';
import type { ProcessInstanceView } from '../core/instance.views.js';
import { localVariables } from '../core/variable.scopes.js';

export type ProcessInstanceQuery = Filter<{
  processInstanceIds: readonly string[];
  businessKey: string;
  businessKeyLike: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processDefinitionKeyNotIn: readonly string[];
  deploymentId: string;
  active: true;
  suspended: true;
  withIncident: true;
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  activityIdIn: readonly string[];
  variables: readonly VariableFilter[];
  tenantIdIn: readonly string[];
  withoutTenantId: true;
  rootProcessInstances: true;
  leafProcessInstances: true;
  /** Of the caller. */
  superProcessInstance: string;
  /** Of the called. */
  subProcessInstance: string;
}> &
  Page<'instanceId' | 'definitionKey' | 'definitionId' | 'tenantId' | 'businessKey'>;

type InstanceSortKey = NonNullable<ProcessInstanceQuery['sorting']>[number]['sortBy'];

export const INSTANCE_SORT_KEYS: SortKeys<ProcessInstanceView, InstanceSortKey> = {
  instanceId: (instance) => instance.id,
  definitionKey: (instance) => instance.definitionKey,
  definitionId: (instance) => instance.definitionId,
  tenantId: (instance) => instance.tenantId,
  businessKey: (instance) => instance.businessKey,
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
