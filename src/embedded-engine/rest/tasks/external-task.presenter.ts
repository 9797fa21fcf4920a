import type { LockedExternalTask } from '../../tasks/fetch-and-lock.types.js';
import type { ExternalTaskRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { writeVariables } from '../variables/variable.writer.js';

/** ExternalTaskDto. */
export function presentExternalTask(task: ExternalTaskRecord): Record<string, unknown> {
  return {
    activityId: task.activityId,
    activityInstanceId: task.activityInstanceId,
    errorMessage: task.errorMessage,
    executionId: task.executionId,
    id: task.id,
    lockExpirationTime: formatNullableDate(task.lockExpirationTime),
    createTime: formatDate(task.createTime),
    processDefinitionId: task.processDefinitionId,
    processDefinitionKey: task.processDefinitionKey,
    processDefinitionVersionTag: task.processDefinitionVersionTag,
    processInstanceId: task.processInstanceId,
    retries: task.retries,
    suspended: task.suspended,
    workerId: task.workerId,
    topicName: task.topicName,
    tenantId: task.tenantId,
    priority: task.priority,
    businessKey: task.businessKey,
  };
}

/** LockedExternalTaskDto. */
export function presentLockedTask(task: LockedExternalTask): Record<string, unknown> {
  const presented = presentExternalTask(task);
  presented.errorDetails = task.errorDetails;
  // A suspended task cannot be locked.
  presented.suspended = false;
  presented.variables = writeVariables(task.variables);
  presented.extensionProperties = task.extensionProperties;
  return presented;
}
