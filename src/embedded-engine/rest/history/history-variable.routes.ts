import { HISTORIC_VARIABLE_INSTANCE_QUERY } from '../../query/historic-variable-instance.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricVariableRecord } from '../../state/records.types.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { presentHistoricVariable } from './history-variable.presenter.js';
import { ok } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';
import { contentOf } from '../variables/variable-content.js';
import { isDeserialized } from '../variables/variable.writer.js';

/** `/history/variable-instance`. */
export function historicVariableRoutes(history: HistoryService): readonly Route[] {
  const present = (variable: HistoricVariableRecord, deserialized: boolean): unknown =>
    presentHistoricVariable(variable, history.findInstance(variable.processInstanceId), deserialized);
  return [
    ...queryRoutes(HISTORIC_VARIABLE_INSTANCE_QUERY, {
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
