import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isLike, type SortKeys } from '../query/record.query.js';
import type { HistoricVariableRecord } from '../state/records.types.js';
import type { TypedValue } from '../state/typed-value.types.js';

export type HistoricVariableQuery = Filter<{
  id: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  variableName: string;
  variableNameIn: readonly string[];
  variableNameLike: string;
  /** Plain value; a Date as epoch milliseconds. */
  variableValue: unknown;
  variableTypeIn: readonly TypedValue['type'][];
  executionIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  /** Deleted variables are left out unless this is set. */
  includeDeleted: true;
}> &
  Page<'instanceId' | 'variableName'>;

export const VARIABLE_RULES: FilterRules<
  HistoricVariableRecord,
  Omit<HistoricVariableQuery, 'includeDeleted'>
> = {
  id: (record, id) => record.id === id,
  processInstanceId: (record, id) => record.processInstanceId === id,
  processInstanceIdIn: (record, ids) => ids.includes(record.processInstanceId),
  processDefinitionId: (record, id) => record.processDefinitionId === id,
  processDefinitionKey: (record, key) => record.processDefinitionKey === key,
  variableName: (record, name) => record.name === name,
  variableNameIn: (record, names) => names.includes(record.name),
  variableNameLike: (record, pattern) => isLike(record.name, pattern),
  variableValue: (record, value) => record.value.value === value,
  variableTypeIn: (record, types) => types.includes(record.value.type),
  executionIdIn: (record, ids) => ids.includes(record.executionId),
  activityInstanceIdIn: (record, ids) => ids.includes(record.activityInstanceId),
};

export const VARIABLE_SORT_KEYS: SortKeys<HistoricVariableRecord, SortKeyOf<HistoricVariableQuery>> = {
  instanceId: (record) => record.processInstanceId,
  variableName: (record) => record.name,
};
