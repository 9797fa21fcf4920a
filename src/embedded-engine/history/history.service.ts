import type { QueryDefinition } from '../query/define/query.definition.js';
import type { Filters, FilterValues, SortKeys } from '../query/define/query.types.js';
import {
  HISTORIC_ACTIVITY_INSTANCE_QUERY,
  type HistoricActivityQuery,
} from '../query/historic-activity-instance.query.js';
import {
  HISTORIC_EXTERNAL_TASK_LOG_QUERY,
  type ExternalTaskLogQuery,
} from '../query/historic-external-task-log.query.js';
import {
  HISTORIC_INCIDENT_QUERY,
  type HistoricIncident,
  type HistoricIncidentQuery,
} from '../query/historic-incident.query.js';
import {
  HISTORIC_PROCESS_INSTANCE_QUERY,
  type HistoricInstanceQuery,
} from '../query/historic-process-instance.query.js';
import { HISTORIC_USER_TASK_QUERY, type HistoricUserTaskQuery } from '../query/historic-user-task.query.js';
import {
  HISTORIC_VARIABLE_INSTANCE_QUERY,
  type HistoricVariableQuery,
} from '../query/historic-variable-instance.query.js';
import type { InstanceHistory } from '../state/instance-history.types.js';
import type {
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
} from '../state/records.types.js';
import { type HistorySelection, selectionOfDetails, selectionOfInstances } from './history.selection.js';

/** Queries of history, over the instance histories that a subclass provides one at a time. */
export abstract class HistoryService {
  /** All histories that a selection allows, in the order of their start. May return more, but none twice. */
  protected abstract histories(selection: HistorySelection): Iterable<InstanceHistory>;

  abstract findInstance(id: string): HistoricInstanceRecord | null;

  findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[] {
    const found = this.matchingInstances(query);
    return HISTORIC_PROCESS_INSTANCE_QUERY.page(recordsOf(found), query);
  }

  countInstances(query: HistoricInstanceQuery): number {
    return countOf(this.matchingInstances(query));
  }

  findActivities(query: HistoricActivityQuery): readonly HistoricActivityRecord[] {
    return HISTORIC_ACTIVITY_INSTANCE_QUERY.page(this.activities(query), query);
  }

  countActivities(query: HistoricActivityQuery): number {
    return countOf(this.activities(query));
  }

  findVariables(query: HistoricVariableQuery): readonly HistoricVariableRecord[] {
    return HISTORIC_VARIABLE_INSTANCE_QUERY.page(this.variables(query), query);
  }

  countVariables(query: HistoricVariableQuery): number {
    return countOf(this.variables(query));
  }

  findIncidents(query: HistoricIncidentQuery): readonly HistoricIncident[] {
    return HISTORIC_INCIDENT_QUERY.page(this.incidents(query), query);
  }

  countIncidents(query: HistoricIncidentQuery): number {
    return countOf(this.incidents(query));
  }

  findUserTasks(query: HistoricUserTaskQuery): readonly HistoricUserTaskRecord[] {
    return HISTORIC_USER_TASK_QUERY.page(this.userTasks(query), query);
  }

  countUserTasks(query: HistoricUserTaskQuery): number {
    return countOf(this.userTasks(query));
  }

  findTaskLog(query: ExternalTaskLogQuery): readonly ExternalTaskLogRecord[] {
    return HISTORIC_EXTERNAL_TASK_LOG_QUERY.page(this.taskLog(query), query);
  }

  countTaskLog(query: ExternalTaskLogQuery): number {
    return countOf(this.taskLog(query));
  }

  /** Null for an unknown id. */
  findTaskLogEntry(id: string): ExternalTaskLogRecord | null {
    return this.findTaskLog({ logId: id, maxResults: 1 })[0] ?? null;
  }

  /** The histories of the instances that a query for instances finds. */
  protected matchingInstances(query: HistoricInstanceQuery): Iterable<InstanceHistory> {
    return matchingHistories(this.histories(selectionOfInstances(query)), query);
  }

  private activities(query: HistoricActivityQuery): Iterable<HistoricActivityRecord> {
    return this.details(HISTORIC_ACTIVITY_INSTANCE_QUERY, query, ({ activities }) => activities.values());
  }

  private *variables(query: HistoricVariableQuery): Iterable<HistoricVariableRecord> {
    const found = this.details(HISTORIC_VARIABLE_INSTANCE_QUERY, query, ({ variables }) =>
      variables.values(),
    );
    for (const variable of found) {
      if (query.includeDeleted === true || variable.state === 'CREATED') yield variable;
    }
  }

  private incidents(query: HistoricIncidentQuery): Iterable<HistoricIncident> {
    return this.details(HISTORIC_INCIDENT_QUERY, query, ({ incidents, record: { processDefinitionKey } }) =>
      Array.from(incidents?.values() ?? [], (incident) => ({ ...incident, processDefinitionKey })),
    );
  }

  private userTasks(query: HistoricUserTaskQuery): Iterable<HistoricUserTaskRecord> {
    return this.details(HISTORIC_USER_TASK_QUERY, query, ({ userTasks }) => userTasks?.values() ?? []);
  }

  private taskLog(query: ExternalTaskLogQuery): Iterable<ExternalTaskLogRecord> {
    return this.details(HISTORIC_EXTERNAL_TASK_LOG_QUERY, query, ({ taskLog }) => taskLog?.values() ?? []);
  }

  /** @param pick the records of one instance that the query is about */
  private *details<R, F extends Filters<R, InstanceHistory>, S extends SortKeys<R>>(
    definition: QueryDefinition<R, InstanceHistory, F, S>,
    query: FilterValues<F>,
    pick: (history: InstanceHistory) => Iterable<R>,
  ): Iterable<R> {
    const passes = definition.matcher(query);
    const selection = selectionOfDetails(definition.comparisons(query).comparisons);
    for (const history of this.histories(selection)) {
      for (const record of pick(history)) if (passes(record, history)) yield record;
    }
  }
}

/** Those of the histories whose instances a query finds. */
export function* matchingHistories(
  histories: Iterable<InstanceHistory>,
  query: HistoricInstanceQuery,
): Iterable<InstanceHistory> {
  const passes = HISTORIC_PROCESS_INSTANCE_QUERY.matcher(query);
  for (const history of histories) if (passes(history.record, history)) yield history;
}

function* recordsOf(histories: Iterable<InstanceHistory>): Iterable<HistoricInstanceRecord> {
  for (const { record } of histories) yield record;
}

function countOf(records: Iterable<unknown>): number {
  let count = 0;
  for (const _ of records) count += 1;
  return count;
}
