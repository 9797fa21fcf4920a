import type { HistoricActivityRecord } from '../state/records.types.js';
import { DURATION } from './duration.js';
import { atLeast, atMost, equals, isNull, isSet, isTrue, oneOf } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** Activity instances of running and ended process instances. */
export const HISTORIC_ACTIVITY_INSTANCE_QUERY = defineQuery<HistoricActivityRecord, unknown>()({
  path: '/history/activity-instance',
  filters: {
    activityInstanceId: equals('id'),
    processInstanceId: equals('processInstanceId'),
    processInstanceIdIn: oneOf('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    executionId: equals('executionId'),
    activityId: equals('activityId'),
    activityName: equals('activityName'),
    activityType: equals('activityType'),
    finished: isSet('endTime'),
    unfinished: isNull('endTime'),
    canceled: isTrue('canceled'),
    completeScope: isTrue('completeScope'),
    startedAfter: atLeast('startTime'),
    startedBefore: atMost('startTime'),
    finishedAfter: atLeast('endTime'),
    finishedBefore: atMost('endTime'),
  },
  sort: {
    activityInstanceId: 'id',
    instanceId: 'processInstanceId',
    executionId: 'executionId',
    activityId: 'activityId',
    activityName: 'activityName',
    activityType: 'activityType',
    startTime: 'startTime',
    endTime: 'endTime',
    duration: DURATION,
    definitionId: 'processDefinitionId',
    occurrence: 'sequence',
  },
  unserved: 'activityNameLike taskAssignee tenantIdIn withoutTenantId',
});

export type HistoricActivityQuery = QueryOf<typeof HISTORIC_ACTIVITY_INSTANCE_QUERY>;
