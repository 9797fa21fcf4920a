import type { Filter, Page } from '../query/query.types.js';
import type { FilterRules, SortKeys } from '../query/record.query.js';
import type { JobRecord } from '../state/records.types.js';

export type JobQuery = Filter<{
  jobId: string;
  jobIds: readonly string[];
  processInstanceId: string;
  processInstanceIds: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  executionId: string;
  activityId: string;
  withRetriesLeft: true;
  noRetriesLeft: true;
  executable: true;
  timers: true;
  messages: true;
  withException: true;
  exceptionMessage: string;
  dueAfter: number;
  dueBefore: number;
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<
    | 'jobId'
    | 'executionId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'jobPriority'
    | 'jobRetries'
    | 'jobDueDate'
    | 'tenantId'
  >;

type SortKey = NonNullable<JobQuery['sorting']>[number]['sortBy'];

/** The filters of jobs; every job is a timer. */
export function jobRules(clock: () => number): FilterRules<JobRecord, JobQuery> {
  return {
    jobId: (job, id) => job.id === id,
    jobIds: (job, ids) => ids.includes(job.id),
    processInstanceId: (job, id) => job.processInstanceId === id,
    processInstanceIds: (job, ids) => ids.includes(job.processInstanceId),
    processDefinitionId: (job, id) => job.processDefinitionId === id,
    processDefinitionKey: (job, key) => job.processDefinitionKey === key,
    executionId: (job, id) => job.executionId === id,
    activityId: (job, id) => job.activityId === id,
    withRetriesLeft: (job) => job.retries > 0,
    noRetriesLeft: (job) => job.retries === 0,
    executable: (job) => job.retries > 0 && job.dueDate <= clock(),
    timers: () => true,
    messages: () => false,
    withException: (job) => job.exceptionMessage !== null,
    exceptionMessage: (job, message) => job.exceptionMessage === message,
    dueAfter: (job, time) => job.dueDate > time,
    dueBefore: (job, time) => job.dueDate < time,
    active: (job) => !job.suspended,
    suspended: (job) => job.suspended,
    tenantIdIn: (job, tenants) => job.tenantId !== null && tenants.includes(job.tenantId),
    withoutTenantId: (job) => job.tenantId === null,
  };
}

export const JOB_SORT_KEYS: SortKeys<JobRecord, SortKey> = {
  jobId: (job) => job.id,
  executionId: (job) => job.executionId,
  processInstanceId: (job) => job.processInstanceId,
  processDefinitionId: (job) => job.processDefinitionId,
  processDefinitionKey: (job) => job.processDefinitionKey,
  jobPriority: (job) => job.priority,
  jobRetries: (job) => job.retries,
  jobDueDate: (job) => job.dueDate,
  tenantId: (job) => job.tenantId,
};
