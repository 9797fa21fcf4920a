import type { HistoricVariableQuery } from '../history/historic-variable-instance.query.js';
import type { HistoryService } from '../history/history.service.js';
import type { VariableType } from '../state/typed-value.types.js';
import type { HistoricVariableRecord } from '../state/records.types.js';
import type { Route, RouteCall } from './engine.router.js';
import { presentHistoricVariable } from './history-variable.presenter.js';
import { ok } from './http.types.js';
import { list, text, type MemberReader } from './json.reader.js';
import { flag, noParameter, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { notFound } from './rest.error.js';
import { contentOf } from './variable-content.js';
import { readPlainValue } from './variable.reader.js';
import { isDeserialized } from './variable.writer.js';

/** Type names as the engine spells them; Camunda takes any case here. */
const variableTypes: MemberReader<readonly VariableType[]> = (value, name) =>
  list(value, name).map(
    (type) => (type.charAt(0).toUpperCase() + type.slice(1).toLowerCase()) as VariableType,
  );

const FILTERS: FilterTable<HistoricVariableQuery> = {
  // Camunda has no such parameter; it serves the paths of one variable.
  id: noParameter,
  processInstanceId: text,
  processInstanceIdIn: list,
  processDefinitionId: text,
  processDefinitionKey: text,
  variableName: text,
  variableNameIn: list,
  variableNameLike: text,
  variableValue: readPlainValue,
  variableTypeIn: variableTypes,
  executionIdIn: list,
  activityInstanceIdIn: list,
  includeDeleted: flag,
};

/** `/history/variable-instance`. */
export function historicVariableRoutes(history: HistoryService): readonly Route[] {
  const present = (variable: HistoricVariableRecord, deserialized: boolean): unknown =>
    presentHistoricVariable(variable, history.findInstance(variable.processInstanceId), deserialized);
  return [
    ...queryRoutes<HistoricVariableQuery, HistoricVariableRecord>({
      path: '/history/variable-instance',
      filters: FILTERS,
      sortKeys: ['instanceId', 'variableName'],
      find: (query) => history.findVariables(query),
      count: (query) => history.countVariables(query),
      present: (variable, call) => present(variable, isDeserialized(call.query, 'deserializeValues')),
    }),
    {
      method: 'GET',
      path: '/history/variable-instance/:id',
      handle: (call) =>
        ok(present(variableOf(history, call), isDeserialized(call.query, 'deserializeValue'))),
    },
    {
      method: 'GET',
      path: '/history/variable-instance/:id/data',
      handle: (call) => contentOf(variableOf(history, call).value, call.param('id')),
    },
  ];
}

function variableOf(history: HistoryService, call: RouteCall): HistoricVariableRecord {
  const id = call.param('id');
  const [variable] = history.findVariables({ id, includeDeleted: true });
  if (variable === undefined) throw notFound(`Historic variable instance with Id '${id}' does not exist.`);
  return variable;
}
