import type { TypedValue } from '../state/typed-value.types.js';
import { equals, like, oneOf, where } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesValue } from './define/variable.filter.js';

/** A variable with its scope, as `/variable-instance` returns it. */
export interface VariableInstanceView {
  readonly id: string;
  readonly name: string;
  readonly value: TypedValue;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly executionId: string;
  readonly activityInstanceId: string;
  readonly tenantId: string | null;
}

/** Variables of running process instances. */
export const VARIABLE_INSTANCE_QUERY = defineQuery<VariableInstanceView, unknown>()({
  path: '/variable-instance',
  filters: {
    variableName: equals('name'),
    variableNameLike: like('name'),
    processInstanceIdIn: oneOf('processInstanceId'),
    executionIdIn: oneOf('executionId'),
    activityInstanceIdIn: oneOf('activityInstanceId'),
    variableValues: where('variables', ({ name, value }, filters) =>
      filters.some((filter) => filter.name === name && matchesValue(value.value, filter)),
    ),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    variableName: 'name',
    variableType: { name: 'variableType', of: ({ value }) => value.type },
    activityInstanceId: 'activityInstanceId',
    tenantId: 'tenantId',
  },
  unserved: `
    batchIdIn caseExecutionIdIn caseInstanceIdIn taskIdIn variableNamesIgnoreCase variableScopeIdIn
    variableValuesIgnoreCase`,
});

export type VariableInstanceQuery = QueryOf<typeof VARIABLE_INSTANCE_QUERY>;
