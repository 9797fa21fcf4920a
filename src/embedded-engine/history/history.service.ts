import { type ExternalTaskLogQuery, TASK_LOG_RULES, TASK_LOG_SORT_KEYS } from './external-task-log.query.js';
import {
  ACTIVITY_RULES,
  ACTIVITY_SORT_KEYS,
  type HistoricActivityQuery,
} from './historic-activity-instance.query.js';
import { type HistoricIncidentQuery, INCIDENT_RULES, INCIDENT_SORT_KEYS } from './historic-incident.query.js';
import {
  type HistoricInstanceQuery,
  INSTANCE_SORT_KEYS,
  instanceRules,
} from './historic-process-instance.query.js';
import {
  type HistoricUserTaskQuery,
  USER_TASK_RULES,
  USER_TASK_SORT_KEYS,
} from './historic-user-task.query.js';
import {
  type HistoricVariableQuery,
  VARIABLE_RULES,
  VARIABLE_SORT_KEYS,
} from './historic-variable-instance.query.js';
import type { InstanceHistory, OfInstance } from './instance-history.types.js';
import { type HistorySelection, selectionOfDetails, selectionOfInstances } from './history.selection.js';
import { countOf, matching, pageOfAll } from '../query/record.page.js';
import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from '../state/records.types.js';

/** Queries of history, over the instance histories that a subclass provides one at a time. */
export abstract class HistoryService {
  /** All histories that a selection allows, in the order of their start. May return more, but none twice. */
  protected abstract histories(selection: HistorySelection): Iterable<InstanceHistory>;

  abstract findInstance(id: string): HistoricInstanceRecord | null;

  findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[] {
    const found = this.matchingInstances(query);
    return pageOfAll(
      map(found, ({ record }) => record),
      query,
      INSTANCE_SORT_KEYS,
    );
  }

  countInstances(query: HistoricInstanceQuery): number {
    return countOf(this.matchingInstances(query));
  }

  findActivities(query: HistoricActivityQuery): readonly HistoricActivityRecord[] {
    return pageOfAll(this.matchingActivities(query), query, ACTIVITY_SORT_KEYS);
  }

  countActivities(query: HistoricActivityQuery): number {
    return countOf(this.matchingActivities(query));
  }

  findVariables(query: HistoricVariableQuery): readonly HistoricVariableRecord[] {
    return pageOfAll(this.matchingVariables(query), query, VARIABLE_SORT_KEYS);
  }

  countVariables(query: HistoricVariableQuery): number {
    return countOf(this.matchingVariables(query));
  }

  findIncidents(query: HistoricIncidentQuery): readonly HistoricIncidentRecord[] {
    return pageOfAll(this.matchingIncidents(query), query, INCIDENT_SORT_KEYS).map(({ record }) => record);
  }

  countIncidents(query: HistoricIncidentQuery): number {
    return countOf(this.matchingIncidents(query));
  }

  findUserTasks(query: HistoricUserTaskQuery): readonly HistoricUserTaskRecord[] {
    return pageOfAll(this.matchingUserTasks(query), query, USER_TASK_SORT_KEYS).map(({ record }) => record);
  }

  countUserTasks(query: HistoricUserTaskQuery): number {
    return countOf(this.matchingUserTasks(query));
  }

  findTaskLog(query: ExternalTaskLogQuery): readonly ExternalTaskLogRecord[] {
    return pageOfAll(this.matchingTaskLog(query), query, TASK_LOG_SORT_KEYS);
  }

  countTaskLog(query: ExternalTaskLogQuery): number {
    return countOf(this.matchingTaskLog(query));
  }

  /** Null for an unknown id. */
  findTaskLogEntry(id: string): ExternalTaskLogRecord | null {
    return this.findTaskLog({ logId: id, maxResults: 1 })[0] ?? null;
  }

  /** The histories of the instances that a query for instances finds. */
  protected matchingInstances(query: HistoricInstanceQuery): Iterable<InstanceHistory> {
    return matching(this.histories(selectionOfInstances(query)), query, instanceRules);
  }

  private matchingActivities(query: HistoricActivityQuery): Iterable<HistoricActivityRecord> {
    const found = this.details(selectionOfDetails(query), ({ activities }) => activities);
    return matching(records(found), query, ACTIVITY_RULES);
  }

  private *matchingVariables(query: HistoricVariableQuery): Iterable<HistoricVariableRecord> {
    const { includeDeleted, ...filters } = query;
    const found = this.details(selectionOfDetails(query), ({ variables }) => variables);
    for (const variable of matching(records(found), filters, VARIABLE_RULES)) {
      if (includeDeleted === true || variable.state === 'CREATED') yield variable;
    }
  }

  private matchingIncidents(query: HistoricIncidentQuery): Iterable<OfInstance<HistoricIncidentRecord>> {
    const found = this.details(selectionOfDetails(query), ({ incidents }) => incidents);
    return matching(found, query, INCIDENT_RULES);
  }

  private matchingUserTasks(query: HistoricUserTaskQuery): Iterable<OfInstance<HistoricUserTaskRecord>> {
    const found = this.details(selectionOfDetails(query), ({ userTasks }) => userTasks);
    return matching(found, query, USER_TASK_RULES);
  }

  private matchingTaskLog(query: ExternalTaskLogQuery): Iterable<ExternalTaskLogRecord> {
    const found = this.details(selectionOfDetails(query), ({ taskLog }) => taskLog);
    return matching(records(found), query, TASK_LOG_RULES);
  }

  private *details<R>(
    selection: HistorySelection,
    pick: (history: InstanceHistory) => ReadonlyMap<string, R> | null,
  ): Iterable<OfInstance<R>> {
    for (const history of this.histories(selection)) {
      for (const record of pick(history)?.values() ?? []) yield { record, instance: history.record };
    }
  }
}

function records<R>(details: Iterable<OfInstance<R>>): Iterable<R> {
  return map(details, ({ record }) => record);
}

function* map<T, R>(items: Iterable<T>, change: (item: T) => R): Iterable<R> {
  for (const item of items) yield change(item);
}
