import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { durationOf } from '../../query/duration.js';

/** HistoricProcessInstanceDto. */
export function presentHistoricInstance(instance: HistoricInstanceRecord): Record<string, unknown> {
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
