import type { Filter, Page, VariableFilter } from '../query/query.types.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from '../query/record.query.js';
import type { VariableInstanceView } from '../core/instance.views.js';

export type VariableInstanceQuery = Filter<{
  variableName: string;
  variableNameLike: string;
  processInstanceIdIn: readonly string[];
  executionIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  variableValues: readonly VariableFilter[];
  tenantIdIn: readonly string[];
}> &
  Page<'variableName' | 'variableType' | 'activityInstanceId' | 'tenantId'>;

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
