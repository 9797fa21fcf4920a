import { VARIABLE_INSTANCE_QUERY } from '../../query/variable-instance.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { VariableInstanceView } from '../../query/variable-instance.query.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';
import { contentOf } from '../variables/variable-content.js';
import { presentVariableInstance } from './variable-instance.presenter.js';
import { isDeserialized } from '../variables/variable.writer.js';

/** `/variable-instance`. */
export function variableInstanceRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(VARIABLE_INSTANCE_QUERY, {
      find: (query) => runtime.findVariableInstances(query),
      count: (query) => runtime.countVariableInstances(query),
      present: (variable, call) =>
        presentVariableInstance(variable, isDeserialized(call.query, 'deserializeValues')),
    }),
    {
      method: 'GET',
      path: '/variable-instance/:id',
      handle: (call) =>
        ok(
          presentVariableInstance(variableOf(runtime, call), isDeserialized(call.query, 'deserializeValue')),
        ),
    },
    {
      method: 'GET',
      path: '/variable-instance/:id/data',
      handle: (call) => contentOf(variableOf(runtime, call).value, call.param('id')),
    },
  ];
}

/** Searches all variables: the engine has no index of their ids, because few clients use them. */
function variableOf(runtime: RuntimeService, call: RouteCall): VariableInstanceView {
  const id = call.param('id');
  const variable = runtime.findVariableInstances({}).find((one) => one.id === id);
  if (variable === undefined) throw notFound(`Variable instance with Id '${id}' does not exist.`);
  return variable;
}
