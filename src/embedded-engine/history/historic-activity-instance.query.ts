import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import type { FilterRules, SortKeys } from '../query/record.query.js';
import type { HistoricActivityRecord } from '../state/records.types.js';
import { duration } from './duration.js';

export type HistoricActivityQuery = Filter<{
  activityInstanceId: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  executionId: string;
  activityId: string;
  activityName: string;
  activityType: string;
  finished: true;
  unfinished: true;
  canceled: true;
  completeScope: true;
  startedAfter: number;
  startedBefore: number;
  finishedAfter: number;
  finishedBefore: number;
}> &
  Page<
    | 'activityInstanceId'
    | 'instanceId'
    | 'executionId'
    | 'activityId'
    | 'activityName'
    | 'activityType'
    | 'startTime'
    | 'endTime'
    | 'duration'
    | 'definitionId'
    | 'occurrence'
  >;

export const ACTIVITY_RULES: FilterRules<HistoricActivityRecord, HistoricActivityQuery> = {
  activityInstanceId: (record, id) => record.id === id,
  processInstanceId: (record, id) => record.processInstanceId === id,
  processInstanceIdIn: (record, ids) => ids.includes(record.processInstanceId),
  processDefinitionId: (record, id) => record.processDefinitionId === id,
  executionId: (record, id) => record.executionId === id,
  activityId: (record, id) => record.activityId === id,
  activityName: (record, name) => record.activityName === name,
  activityType: (record, type) => record.activityType === type,
  finished: (record) => record.endTime !== null,
  unfinished: (record) => record.endTime === null,
  canceled: (record) => record.canceled,
  completeScope: (record) => record.completeScope,
  startedAfter: (record, time) => record.startTime >= time,
  startedBefore: (record, time) => record.startTime <= time,
  finishedAfter: (record, time) => record.endTime !== null && record.endTime >= time,
  finishedBefore: (record, time) => record.endTime !== null && record.endTime <= time,
};

export const ACTIVITY_SORT_KEYS: SortKeys<HistoricActivityRecord, SortKeyOf<HistoricActivityQuery>> = {
  activityInstanceId: (record) => record.id,
  instanceId: (record) => record.processInstanceId,
  executionId: (record) => record.executionId,
  activityId: (record) => record.activityId,
  activityName: (record) => record.activityName,
  activityType: (record) => record.activityType,
  startTime: (record) => record.startTime,
  endTime: (record) => record.endTime,
  duration,
  definitionId: (record) => record.processDefinitionId,
  occurrence: (record) => record.sequence,
};
