import type { ExternalTaskLogRecord } from '../state/records.types.js';
import { atLeast, atMost, equals, hasValue, oneOf } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** What happened to external tasks. */
export const HISTORIC_EXTERNAL_TASK_LOG_QUERY = defineQuery<ExternalTaskLogRecord, unknown>()({
  path: '/history/external-task-log',
  filters: {
    logId: equals('id'),
    externalTaskId: equals('externalTaskId'),
    topicName: equals('topicName'),
    workerId: equals('workerId'),
    errorMessage: equals('errorMessage'),
    activityIdIn: oneOf('activityId'),
    activityInstanceIdIn: oneOf('activityInstanceId'),
    executionIdIn: oneOf('executionId'),
    processInstanceId: equals('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    tenantIdIn: oneOf('tenantId'),
    priorityHigherThanOrEquals: atLeast('priority', 'long'),
    priorityLowerThanOrEquals: atMost('priority', 'long'),
    creationLog: hasValue('event', 'CREATED'),
    failureLog: hasValue('event', 'FAILED'),
    successLog: hasValue('event', 'SUCCESSFUL'),
    deletionLog: hasValue('event', 'DELETED'),
  },
  sort: {
    timestamp: 'timestamp',
    externalTaskId: 'externalTaskId',
    retries: 'retries',
    priority: 'priority',
    topicName: 'topicName',
    workerId: 'workerId',
    activityId: 'activityId',
    activityInstanceId: 'activityInstanceId',
    executionId: 'executionId',
    processInstanceId: 'processInstanceId',
    processDefinitionId: 'processDefinitionId',
    processDefinitionKey: 'processDefinitionKey',
    tenantId: 'tenantId',
  },
  unserved: 'withoutTenantId',
});

export type ExternalTaskLogQuery = QueryOf<typeof HISTORIC_EXTERNAL_TASK_LOG_QUERY>;
