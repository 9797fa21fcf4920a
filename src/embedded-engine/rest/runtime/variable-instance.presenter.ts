import type { VariableInstanceView } from '../../query/variable-instance.query.js';
import { writeVariable } from '../variables/variable.writer.js';

/** VariableInstanceDto. */
export function presentVariableInstance(
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
