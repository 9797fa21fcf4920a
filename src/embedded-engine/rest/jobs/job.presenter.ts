import type { JobRecord } from '../../state/records.types.js';
import { jobDefinitionId } from './job-definition.id.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';

/** JobDto. The engine has no batches. */
export function presentJob(job: JobRecord): Record<string, unknown> {
  return {
    id: job.id,
    jobDefinitionId: jobDefinitionId(job.processDefinitionId, job.activityId),
    processInstanceId: job.processInstanceId,
    processDefinitionId: job.processDefinitionId,
    processDefinitionKey: job.processDefinitionKey,
    executionId: job.executionId,
    exceptionMessage: job.exceptionMessage,
    failedActivityId: job.failedActivityId,
    retries: job.retries,
    dueDate: formatNullableDate(job.dueDate),
    suspended: job.suspended,
    priority: job.priority,
    tenantId: job.tenantId,
    createTime: formatDate(job.createTime),
    batchId: null,
  };
}
