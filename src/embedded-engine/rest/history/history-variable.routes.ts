import { HISTORIC_VARIABLE_INSTANCE_QUERY } from '../../query/historic-variable-instance.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricInstanceRecord, HistoricVariableRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { get, type Route, type RouteCall } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { notFound, raise } from '../http/rest.error.js';
import { queryRoutes } from '../query/query.routes.js';
import { contentOf } from '../variables/variable-content.js';
import { isDeserialized, writeVariable } from '../variables/variable.writer.js';
import { instanceFields } from './history.fields.js';

/** `/history/variable-instance`. */
export function historicVariableRoutes(history: HistoryService): readonly Route[] {
  const present = (variable: HistoricVariableRecord, deserialized: boolean) =>
    presentHistoricVariable(variable, history.findInstance(variable.processInstanceId), deserialized);
  return [
    ...queryRoutes(HISTORIC_VARIABLE_INSTANCE_QUERY, history.variables, (variable, call) =>
      present(variable, isDeserialized(call.query, 'deserializeValues')),
    ),
    get('/history/variable-instance/:id', (call) =>
      ok(present(variableOf(history, call), isDeserialized(call.query, 'deserializeValue'))),
    ),
    get('/history/variable-instance/:id/data', (call) =>
      contentOf(variableOf(history, call).value, call.param('id')),
    ),
  ];
}

function variableOf(history: HistoryService, call: RouteCall): HistoricVariableRecord {
  const id = call.param('id');
  const [variable] = history.variables.find({ id, includeDeleted: true });
  return variable ?? raise(notFound(`Historic variable instance with Id '${id}' does not exist.`));
}

/** HistoricVariableInstanceDto. */
function presentHistoricVariable(
  variable: HistoricVariableRecord,
  instance: HistoricInstanceRecord | null,
  deserialized: boolean,
): Record<string, unknown> {
  return {
    ...writeVariable(variable.value, { deserialized, listed: true }),
    id: variable.id,
    name: variable.name,
    processDefinitionKey: variable.processDefinitionKey,
    processDefinitionId: variable.processDefinitionId,
    processInstanceId: variable.processInstanceId,
    executionId: variable.executionId,
    activityInstanceId: variable.activityInstanceId,
    caseDefinitionKey: null,
    caseDefinitionId: null,
    caseInstanceId: null,
    caseExecutionId: null,
    taskId: null,
    errorMessage: null,
    state: variable.state,
    createTime: formatDate(variable.createTime),
    ...instanceFields(variable.processInstanceId, instance),
  };
}
