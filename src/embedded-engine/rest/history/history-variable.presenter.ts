import type { HistoricInstanceRecord, HistoricVariableRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { instanceFields } from './history.fields.js';
import { writeVariable } from '../variables/variable.writer.js';

/** HistoricVariableInstanceDto. */
export function presentHistoricVariable(
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
