import { durationOf } from '../../query/duration.js';
import { HISTORIC_PROCESS_INSTANCE_QUERY } from '../../query/historic-process-instance.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { del, get, type Route } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { command, notFound, raise } from '../http/rest.error.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/history/process-instance`. */
export function historicInstanceRoutes(history: HistoryService, runtime: RuntimeService): readonly Route[] {
  const path = '/history/process-instance/:id';
  return [
    ...queryRoutes(HISTORIC_PROCESS_INSTANCE_QUERY, history.instances, presentHistoricInstance),
    get(path, (call) => {
      const id = call.param('id');
      const instance = history.findInstance(id);
      return ok(
        presentHistoricInstance(
          instance ?? raise(notFound(`Historic process instance with id ${id} does not exist`)),
        ),
      );
    }),
    del(path, (call) =>
      command({ NotFound: ({ message }) => notFound(message) }, () =>
        runtime.deleteHistoricInstance(call.param('id')),
      ),
    ),
  ];
}

/** HistoricProcessInstanceDto. */
function presentHistoricInstance(instance: HistoricInstanceRecord): Record<string, unknown> {
  return {
    id: instance.id,
    businessKey: instance.businessKey,
    processDefinitionId: instance.processDefinitionId,
    processDefinitionKey: instance.processDefinitionKey,
    processDefinitionName: instance.processDefinitionName,
    processDefinitionVersion: instance.processDefinitionVersion,
    startTime: formatDate(instance.startTime),
    endTime: formatNullableDate(instance.endTime),
    removalTime: formatNullableDate(instance.removalTime),
    durationInMillis: durationOf(instance),
    startUserId: null,
    startActivityId: instance.startActivityId,
    deleteReason: instance.deleteReason,
    rootProcessInstanceId: instance.rootProcessInstanceId,
    superProcessInstanceId: instance.superProcessInstanceId,
    superCaseInstanceId: null,
    caseInstanceId: null,
    tenantId: instance.tenantId,
    state: instance.state,
    restartedProcessInstanceId: null,
  };
}
