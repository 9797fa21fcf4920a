import { EngineError } from '../state/engine.errors.js';
import type { HistoricInstanceQuery } from '../history/historic-process-instance.query.js';
import type { HistoryService } from '../history/history.service.js';
import type { RuntimeService } from '../runtime/runtime.service.js';
import type { HistoricInstanceRecord, HistoricInstanceState } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { presentHistoricInstance } from './history-instance.presenter.js';
import { noContent, ok } from './http.types.js';
import { list, optional, shown, text, type JsonRecord, type MemberReader } from './json.reader.js';
import { date, flag, idSet, noParameter, variableFilters, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { invalidRequest, notFound } from './rest.error.js';

/** Filters that stand for one state each. */
const STATE_FLAGS: Readonly<Record<string, HistoricInstanceState>> = {
  active: 'ACTIVE',
  suspended: 'SUSPENDED',
  completed: 'COMPLETED',
  externallyTerminated: 'EXTERNALLY_TERMINATED',
  internallyTerminated: 'INTERNALLY_TERMINATED',
};

const incidentStatus: MemberReader<'open' | 'resolved'> = (value) => {
  if (value === 'open' || value === 'resolved') return value;
  throw invalidRequest(`incidentStatus must be 'open' or 'resolved', not '${shown(value)}'`);
};

const FILTERS: FilterTable<HistoricInstanceQuery> = {
  processInstanceId: text,
  processInstanceIds: idSet,
  processInstanceBusinessKey: text,
  processInstanceBusinessKeyIn: list,
  processInstanceBusinessKeyLike: text,
  processDefinitionId: text,
  processDefinitionKey: text,
  processDefinitionKeyIn: list,
  processDefinitionKeyNotIn: list,
  processDefinitionName: text,
  processDefinitionNameLike: text,
  finished: flag,
  unfinished: flag,
  stateIn: noParameter,
  withIncidents: flag,
  incidentStatus,
  executedActivityIdIn: list,
  activeActivityIdIn: list,
  startedAfter: date,
  startedBefore: date,
  finishedAfter: date,
  finishedBefore: date,
  rootProcessInstances: flag,
  superProcessInstanceId: text,
  variables: variableFilters,
  tenantIdIn: list,
  withoutTenantId: flag,
};

const SORT_KEYS = [
  'instanceId',
  'definitionId',
  'definitionKey',
  'definitionName',
  'definitionVersion',
  'businessKey',
  'startTime',
  'endTime',
  'duration',
  'tenantId',
] as const;

/** `/history/process-instance`. */
export function historicInstanceRoutes(history: HistoryService, runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes<HistoricInstanceQuery, HistoricInstanceRecord>({
      path: '/history/process-instance',
      filters: FILTERS,
      sortKeys: SORT_KEYS,
      refine: withStates,
      find: (query) => history.findInstances(query),
      count: (query) => history.countInstances(query),
      present: presentHistoricInstance,
    }),
    {
      method: 'GET',
      path: '/history/process-instance/:id',
      handle: (call) => {
        const instance = history.findInstance(call.param('id'));
        if (instance === null)
          throw notFound(`Historic process instance with id ${call.param('id')} does not exist`);
        return ok(presentHistoricInstance(instance));
      },
    },
    {
      method: 'DELETE',
      path: '/history/process-instance/:id',
      handle: async (call) => {
        const id = call.param('id');
        try {
          await runtime.deleteHistoricInstance(id);
        } catch (error) {
          if (error instanceof EngineError && error.kind === 'NotFound') throw notFound(error.message);
          throw error;
        }
        return noContent();
      },
    },
  ];
}

function withStates(query: HistoricInstanceQuery, raw: JsonRecord): HistoricInstanceQuery {
  const states = Object.entries(STATE_FLAGS).filter(([name]) => optional(raw, name, flag) === true);
  return states.length === 0 ? query : { ...query, stateIn: states.map(([, state]) => state) };
}
