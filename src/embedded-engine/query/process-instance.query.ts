import type { IncidentRecord } from '../state/records.types.js';
import { equals, isFalse, isNull, isTrue, like, noneOf, oneOf, where } from './define/filters.js';
import { isLike } from './define/like.pattern.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesVariables } from './define/variable.filter.js';
import type { QueryContext } from './query.context.js';

export interface ProcessInstanceView {
  readonly id: string;
  readonly definitionId: string;
  readonly definitionKey: string;
  readonly businessKey: string | null;
  readonly ended: boolean;
  readonly suspended: boolean;
  readonly tenantId: string | null;
}

/** Running process instances. */
export const PROCESS_INSTANCE_QUERY = defineQuery<ProcessInstanceView, QueryContext>()({
  path: '/process-instance',
  filters: {
    processInstanceIds: oneOf('id', 'ids'),
    businessKey: equals('businessKey'),
    businessKeyLike: like('businessKey'),
    processDefinitionId: equals('definitionId'),
    processDefinitionKey: equals('definitionKey'),
    processDefinitionKeyIn: oneOf('definitionKey'),
    processDefinitionKeyNotIn: noneOf('definitionKey'),
    deploymentId: where(
      'text',
      ({ definitionId }, id, state) => state.definition(definitionId)?.deploymentId === id,
    ),
    active: isFalse('suspended'),
    suspended: isTrue('suspended'),
    withIncident: where('flag', ({ id }, _true, state) => state.incidentsOf(id).length > 0),
    incidentId: whereIncident((incident, id) => incident.id === id),
    incidentType: whereIncident(({ incidentType }, type) => incidentType === type),
    incidentMessage: whereIncident(({ incidentMessage }, message) => incidentMessage === message),
    incidentMessageLike: whereIncident(({ incidentMessage }, pattern) => isLike(incidentMessage, pattern)),
    activityIdIn: where('list', ({ id }, activityIds, state) => state.isAtOneOf(id, activityIds)),
    variables: where('variables', ({ id }, filters, state) =>
      matchesVariables((name) => state.variableOf(id, name), filters),
    ),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
    rootProcessInstances: where('flag', ({ id }, _true, state) => state.callerOf(id) === null),
    leafProcessInstances: where('flag', ({ id }, _true, state) => state.calledBy(id).length === 0),
    /** The instance that called it. */
    superProcessInstance: where('text', ({ id }, caller, state) => state.callerOf(id) === caller),
    /** An instance that it called. */
    subProcessInstance: where('text', ({ id }, called, state) => state.callerOf(called) === id),
  },
  sort: {
    instanceId: 'id',
    definitionKey: 'definitionKey',
    definitionId: 'definitionId',
    tenantId: 'tenantId',
    businessKey: 'businessKey',
  },
  unserved: `
    caseInstanceId orQueries processDefinitionWithoutTenantId rootProcessInstanceId subCaseInstance
    superCaseInstance variableNamesIgnoreCase variableValuesIgnoreCase`,
});

export type ProcessInstanceQuery = QueryOf<typeof PROCESS_INSTANCE_QUERY>;

/** An open incident of the instance meets the condition. */
function whereIncident(matches: (incident: IncidentRecord, wanted: string) => boolean) {
  return where('text', ({ id }: ProcessInstanceView, wanted, state: QueryContext) =>
    state.incidentsOf(id).some((incident) => matches(incident, wanted)),
  );
}
