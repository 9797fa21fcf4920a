import type { ExternalTaskRecord } from '../state/records.types.js';
import { above, atLeast, atMost, below, equals, isFalse, isTrue, oneOf, where } from './define/filters.js';
import { isLike } from './define/like.pattern.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesVariables } from './define/variable.filter.js';
import type { QueryContext } from './query.context.js';

/** External tasks. */
export const EXTERNAL_TASK_QUERY = defineQuery<ExternalTaskRecord, QueryContext>()({
  path: '/external-task',
  filters: {
    externalTaskId: equals('id'),
    externalTaskIdIn: oneOf('id'),
    topicName: equals('topicName'),
    workerId: equals('workerId'),
    locked: where('flag', (task, _true, { now }) => isLocked(task, now)),
    notLocked: where('flag', (task, _true, { now }) => !isLocked(task, now)),
    withRetriesLeft: where('flag', ({ retries }) => retries !== 0),
    noRetriesLeft: where('flag', ({ retries }) => retries === 0),
    lockExpirationBefore: below('lockExpirationTime'),
    lockExpirationAfter: above('lockExpirationTime'),
    activityId: equals('activityId'),
    activityIdIn: oneOf('activityId'),
    executionId: equals('executionId'),
    processInstanceId: equals('processInstanceId'),
    processInstanceIdIn: oneOf('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    processDefinitionKeyIn: oneOf('processDefinitionKey'),
    processDefinitionName: where(
      'text',
      ({ processDefinitionId }, name, state) => state.definition(processDefinitionId)?.name === name,
    ),
    processDefinitionNameLike: where('text', ({ processDefinitionId }, pattern, state) =>
      isLike(state.definition(processDefinitionId)?.name ?? null, pattern),
    ),
    processVariables: where('variables', ({ processInstanceId }, filters, state) =>
      matchesVariables((name) => state.variableOf(processInstanceId, name), filters),
    ),
    active: isFalse('suspended'),
    suspended: isTrue('suspended'),
    priorityHigherThanOrEquals: atLeast('priority', 'long'),
    priorityLowerThanOrEquals: atMost('priority', 'long'),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    id: 'id',
    lockExpirationTime: 'lockExpirationTime',
    processInstanceId: 'processInstanceId',
    processDefinitionId: 'processDefinitionId',
    processDefinitionKey: 'processDefinitionKey',
    tenantId: 'tenantId',
    taskPriority: 'priority',
    createTime: 'createTime',
  },
  unserved: 'variableNamesIgnoreCase variableValuesIgnoreCase',
});

export type ExternalTaskQuery = QueryOf<typeof EXTERNAL_TASK_QUERY>;

function isLocked({ lockExpirationTime }: ExternalTaskRecord, now: number): boolean {
  return lockExpirationTime !== null && lockExpirationTime > now;
}
