import type { JobRecord } from '../state/records.types.js';
import { equals, isFalse, isNull, isSet, isTrue, oneOf, where } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import type { QueryContext } from './query.context.js';

/** Jobs; each is a timer. */
export const JOB_QUERY = defineQuery<JobRecord, Pick<QueryContext, 'now'>>()({
  path: '/job',
  filters: {
    jobId: equals('id'),
    jobIds: oneOf('id'),
    processInstanceId: equals('processInstanceId'),
    processInstanceIds: oneOf('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    executionId: equals('executionId'),
    activityId: equals('activityId'),
    withRetriesLeft: where('flag', ({ retries }) => retries > 0),
    noRetriesLeft: where('flag', ({ retries }) => retries === 0),
    executable: where('flag', ({ retries, dueDate }, _true, { now }) => retries > 0 && dueDate <= now),
    timers: where('flag', () => true),
    messages: where('flag', () => false),
    withException: isSet('exceptionMessage'),
    exceptionMessage: equals('exceptionMessage'),
    dueDates: where(
      'dueDates',
      ({ dueDate }, { after = -Infinity, before = Infinity }) => dueDate > after && dueDate < before,
    ),
    active: isFalse('suspended'),
    suspended: isTrue('suspended'),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: {
    jobId: 'id',
    executionId: 'executionId',
    processInstanceId: 'processInstanceId',
    processDefinitionId: 'processDefinitionId',
    processDefinitionKey: 'processDefinitionKey',
    jobPriority: 'priority',
    jobRetries: 'retries',
    jobDueDate: 'dueDate',
    tenantId: 'tenantId',
  },
  unserved: `
    acquired createTimes failedActivityId includeJobsWithoutTenantId jobDefinitionId priorityHigherThanOrEquals
    priorityLowerThanOrEquals`,
});

export type JobQuery = QueryOf<typeof JOB_QUERY>;
