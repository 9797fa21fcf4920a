import type { ExternalTaskLogQuery } from './external-task-log.query.js';
import type { HistoricActivityQuery } from './historic-activity-instance.query.js';
import type { HistoricIncidentQuery } from './historic-incident.query.js';
import type { HistoricInstanceQuery } from './historic-process-instance.query.js';
import type { HistoricUserTaskQuery } from './historic-user-task.query.js';
import type { HistoricVariableQuery } from './historic-variable-instance.query.js';

/**
 * What a query says about the instances that its records can belong to, so that a source need not show all of them.
 * The rules of the query decide in the end: a source may show more.
 */
export interface HistorySelection {
  readonly ids?: readonly string[] | undefined;
  readonly businessKeys?: readonly string[] | undefined;
  readonly definitionId?: string | undefined;
  readonly definitionKeys?: readonly string[] | undefined;
  /** Instances that had ended before have none of the records. */
  readonly endedSince?: number | undefined;
  /** Instances that started later have none of the records. */
  readonly startedUntil?: number | undefined;
  /** Only an instance that runs can have such records. */
  readonly running?: boolean | undefined;
  /** Ids of which each stands in one of the wanted records. */
  readonly mentioned: readonly string[];
}

type AnyQuery = HistoricInstanceQuery &
  HistoricActivityQuery &
  HistoricVariableQuery &
  HistoricIncidentQuery &
  HistoricUserTaskQuery &
  ExternalTaskLogQuery;

/** The selection of any query for what belongs to instances: variables, activities, incidents, tasks. */
export function selectionOfDetails(query: Partial<Omit<AnyQuery, 'sorting'>>): HistorySelection {
  return {
    ids: query.processInstanceIdIn ?? one(query.processInstanceId),
    businessKeys: one(query.processInstanceBusinessKey),
    definitionId: query.processDefinitionId,
    definitionKeys: query.processDefinitionKeyIn ?? one(query.processDefinitionKey),
    endedSince: query.startedAfter ?? query.finishedAfter ?? query.createTimeAfter ?? query.endTimeAfter,
    startedUntil:
      query.startedBefore ?? query.finishedBefore ?? query.createTimeBefore ?? query.endTimeBefore,
    running: query.unfinished ?? query.open,
    mentioned: [
      query.id,
      query.activityInstanceId,
      query.executionId,
      query.incidentId,
      query.configuration,
      query.taskId,
      query.logId,
      query.externalTaskId,
    ].filter((id) => id !== undefined),
  };
}

/** The ids or business keys that a query for instances names. */
export function selectionOfInstances(query: HistoricInstanceQuery): HistorySelection {
  return {
    ids: query.processInstanceIds ?? one(query.processInstanceId),
    businessKeys: query.processInstanceBusinessKeyIn ?? one(query.processInstanceBusinessKey),
    mentioned: [],
  };
}

function one(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}
