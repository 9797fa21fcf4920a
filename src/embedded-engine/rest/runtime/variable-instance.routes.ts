import { VARIABLE_INSTANCE_QUERY, type VariableInstanceView } from '../../query/variable-instance.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { get, type Route, type RouteCall } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { notFound, raise } from '../http/rest.error.js';
import { queryRoutes } from '../query/query.routes.js';
import { contentOf } from '../variables/variable-content.js';
import { isDeserialized, writeVariable } from '../variables/variable.writer.js';

/** `/variable-instance`. */
export function variableInstanceRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(VARIABLE_INSTANCE_QUERY, runtime.variableInstances, (variable, call) =>
      presentVariableInstance(variable, isDeserialized(call.query, 'deserializeValues')),
    ),
    get('/variable-instance/:id', (call) =>
      ok(presentVariableInstance(variableOf(runtime, call), isDeserialized(call.query, 'deserializeValue'))),
    ),
    get('/variable-instance/:id/data', (call) =>
      contentOf(variableOf(runtime, call).value, call.param('id')),
    ),
  ];
}

/** Searches all variables: the engine has no index of their ids, because few clients use them. */
function variableOf(runtime: RuntimeService, call: RouteCall): VariableInstanceView {
  const id = call.param('id');
  const variable = runtime.variableInstances.find({}).find((one) => one.id === id);
  return variable ?? raise(notFound(`Variable instance with Id '${id}' does not exist.`));
}

/** VariableInstanceDto. */
function presentVariableInstance(
  variable: VariableInstanceView,
  deserialized: boolean,
): Record<string, unknown> {
  return {
    ...writeVariable(variable.value, { deserialized, listed: true }),
    id: variable.id,
    name: variable.name,
    processDefinitionId: variable.processDefinitionId,
    processInstanceId: variable.processInstanceId,
    executionId: variable.executionId,
    caseInstanceId: null,
    caseExecutionId: null,
    taskId: null,
    batchId: null,
    activityInstanceId: variable.activityInstanceId,
    errorMessage: null,
    tenantId: variable.tenantId,
  };
}
