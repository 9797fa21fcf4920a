import type { HistoricVariableRecord } from '../state/records.types.js';
import { choosesCandidates, equals, internal, like, oneOf, where } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** Variables of running and ended process instances. */
export const HISTORIC_VARIABLE_INSTANCE_QUERY = defineQuery<HistoricVariableRecord, unknown>()({
  path: '/history/variable-instance',
  filters: {
    /** Camunda has no such parameter; the routes of one variable use the filter. */
    id: internal(equals('id')),
    processInstanceId: equals('processInstanceId'),
    processInstanceIdIn: oneOf('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    variableName: equals('name'),
    variableNameIn: oneOf('name'),
    variableNameLike: like('name'),
    variableValue: where('plainValue', ({ value }, wanted) => value.value === wanted),
    variableTypeIn: where('variableTypes', ({ value }, types) => types.includes(value.type)),
    executionIdIn: oneOf('executionId'),
    activityInstanceIdIn: oneOf('activityInstanceId'),
    /** Deleted variables are left out unless this is set. */
    includeDeleted: choosesCandidates(),
  },
  sort: { instanceId: 'processInstanceId', variableName: 'name' },
  unserved: `
    caseActivityIdIn caseExecutionIdIn caseInstanceId taskIdIn tenantIdIn variableNamesIgnoreCase
    variableValuesIgnoreCase withoutTenantId`,
});

export type HistoricVariableQuery = QueryOf<typeof HISTORIC_VARIABLE_INSTANCE_QUERY>;
