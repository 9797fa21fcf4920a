import type { Queryable, QueryDefinition, QueryOf } from '../query/define/query.definition.js';
import type { Filters, FilterValues, SortKeys } from '../query/define/query.types.js';
import { HISTORIC_ACTIVITY_INSTANCE_QUERY } from '../query/historic-activity-instance.query.js';
import { HISTORIC_EXTERNAL_TASK_LOG_QUERY } from '../query/historic-external-task-log.query.js';
import { HISTORIC_INCIDENT_QUERY } from '../query/historic-incident.query.js';
import {
  HISTORIC_PROCESS_INSTANCE_QUERY,
  type HistoricInstanceQuery,
} from '../query/historic-process-instance.query.js';
import { HISTORIC_USER_TASK_QUERY } from '../query/historic-user-task.query.js';
import { HISTORIC_VARIABLE_INSTANCE_QUERY } from '../query/historic-variable-instance.query.js';
import type { InstanceHistory } from '../state/instance-history.types.js';
import type { ExternalTaskLogRecord, HistoricInstanceRecord } from '../state/records.types.js';
import { type HistorySelection, selectionOfDetails, selectionOfInstances } from './history.selection.js';

/** Queries of history, over the instance histories that a subclass provides one at a time. */
export abstract class HistoryService {
  readonly instances: Queryable<HistoricInstanceQuery, HistoricInstanceRecord> = {
    find: (query) => this.findInstances(query),
    count: (query) => this.countInstances(query),
  };
  readonly activities = this.details(HISTORIC_ACTIVITY_INSTANCE_QUERY, ({ activities }) =>
    activities.values(),
  );
  readonly variables = this.details(HISTORIC_VARIABLE_INSTANCE_QUERY, function* ({ variables }, query) {
    for (const variable of variables.values())
      if (query.includeDeleted === true || variable.state === 'CREATED') yield variable;
  });
  readonly incidents = this.details(
    HISTORIC_INCIDENT_QUERY,
    ({ incidents, record: { processDefinitionKey } }) =>
      Array.from(incidents?.values() ?? [], (incident) => ({ ...incident, processDefinitionKey })),
  );
  readonly userTasks = this.details(HISTORIC_USER_TASK_QUERY, ({ userTasks }) => userTasks?.values() ?? []);
  readonly taskLog = this.details(HISTORIC_EXTERNAL_TASK_LOG_QUERY, ({ taskLog }) => taskLog?.values() ?? []);

  /** All histories that a selection allows, in the order of their start. May return more, but none twice. */
  protected abstract histories(selection: HistorySelection): Iterable<InstanceHistory>;

  abstract findInstance(id: string): HistoricInstanceRecord | null;

  /** Null for an unknown id. */
  findTaskLogEntry(id: string): ExternalTaskLogRecord | null {
    return this.taskLog.find({ logId: id, maxResults: 1 })[0] ?? null;
  }

  protected findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[] {
    const found = this.matchingInstances(query);
    return HISTORIC_PROCESS_INSTANCE_QUERY.page(recordsOf(found), query);
  }

  protected countInstances(query: HistoricInstanceQuery): number {
    return countOf(this.matchingInstances(query));
  }

  /** The histories of the instances that a query for instances finds. */
  protected matchingInstances(query: HistoricInstanceQuery): Iterable<InstanceHistory> {
    return matchingHistories(this.histories(selectionOfInstances(query)), query);
  }

  /** @param pick the records of one instance that the query is about */
  private details<R, F extends Filters<R, InstanceHistory>, S extends SortKeys<R>>(
    definition: QueryDefinition<R, InstanceHistory, F, S>,
    pick: (history: InstanceHistory, query: FilterValues<F>) => Iterable<R>,
  ): Queryable<QueryOf<QueryDefinition<R, InstanceHistory, F, S>>, R> {
    const histories = (query: FilterValues<F>) =>
      this.histories(selectionOfDetails(definition.comparisons(query).comparisons));
    function* matching(query: FilterValues<F>): Iterable<R> {
      const passes = definition.matcher(query);
      for (const history of histories(query))
        for (const record of pick(history, query)) if (passes(record, history)) yield record;
    }
    return {
      find: (query) => definition.page(matching(query), query),
      count: (query) => countOf(matching(query)),
    };
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
