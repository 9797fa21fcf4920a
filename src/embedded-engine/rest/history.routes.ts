import type {
  HistoricActivityQuery,
  HistoricInstanceQuery,
  HistoricVariableQuery,
  HistoryService,
} from '../core/engine-api.types.js';
import type { VariableType } from '../core/typed-value.types.js';
import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricInstanceState,
  HistoricVariableRecord,
} from '../persist/records.types.js';
import type { Route } from './engine.router.js';
import {
  presentHistoricActivity,
  presentHistoricInstance,
  presentHistoricVariable,
} from './history.presenter.js';
import { ok } from './http.types.js';
import { list, optional, text, type JsonRecord, type MemberReader } from './json.reader.js';
import { date, flag, variableFilters, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { notFound } from './rest.error.js';

/** Filters that stand for one state each. */
const STATE_FLAGS: Readonly<Record<string, HistoricInstanceState>> = {
  active: 'ACTIVE',
  suspended: 'SUSPENDED',
  completed: 'COMPLETED',
  externallyTerminated: 'EXTERNALLY_TERMINATED',
  internallyTerminated: 'INTERNALLY_TERMINATED',
};

/** `stateIn` is ours, made of the flags; as a parameter it says nothing. */
const noParameter: MemberReader<undefined> = () => undefined;

const INSTANCE_FILTERS: FilterTable<HistoricInstanceQuery> = {
  processInstanceId: text,
  processInstanceIds: list,
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
  startedAfter: date,
  startedBefore: date,
  finishedAfter: date,
  finishedBefore: date,
  variables: variableFilters,
  tenantIdIn: list,
  withoutTenantId: flag,
};

const ACTIVITY_FILTERS: FilterTable<HistoricActivityQuery> = {
  activityInstanceId: text,
  processInstanceId: text,
  processInstanceIdIn: list,
  processDefinitionId: text,
  executionId: text,
  activityId: text,
  activityName: text,
  activityType: text,
  finished: flag,
  unfinished: flag,
  canceled: flag,
  completeScope: flag,
  startedAfter: date,
  startedBefore: date,
  finishedAfter: date,
  finishedBefore: date,
};

/** Type names as the engine spells them; Camunda takes any case here. */
const variableTypes: MemberReader<readonly VariableType[]> = (value, name) =>
  list(value, name).map(
    (type) => (type.charAt(0).toUpperCase() + type.slice(1).toLowerCase()) as VariableType,
  );

const VARIABLE_FILTERS: FilterTable<HistoricVariableQuery> = {
  id: text,
  processInstanceId: text,
  processInstanceIdIn: list,
  processDefinitionId: text,
  processDefinitionKey: text,
  variableName: text,
  variableNameIn: list,
  variableNameLike: text,
  variableTypeIn: variableTypes,
  executionIdIn: list,
  activityInstanceIdIn: list,
  includeDeleted: flag,
};

/** `/history/process-instance`, `/history/activity-instance`, `/history/variable-instance`. */
export function historyRoutes(history: HistoryService): readonly Route[] {
  return [
    ...instanceRoutes(history),
    ...queryRoutes<HistoricActivityQuery, HistoricActivityRecord>({
      path: '/history/activity-instance',
      filters: ACTIVITY_FILTERS,
      sortKeys: [
        'activityInstanceId',
        'instanceId',
        'executionId',
        'activityId',
        'activityName',
        'activityType',
        'startTime',
        'endTime',
        'duration',
        'definitionId',
        'occurrence',
      ],
      find: (query) => history.findActivities(query),
      count: (query) => history.countActivities(query),
      present: presentHistoricActivity,
    }),
    ...queryRoutes<HistoricVariableQuery, HistoricVariableRecord>({
      path: '/history/variable-instance',
      filters: VARIABLE_FILTERS,
      sortKeys: ['instanceId', 'variableName'],
      find: (query) => history.findVariables(query),
      count: (query) => history.countVariables(query),
      present: presentHistoricVariable,
    }),
  ];
}

function instanceRoutes(history: HistoryService): readonly Route[] {
  return [
    ...queryRoutes<HistoricInstanceQuery, HistoricInstanceRecord>({
      path: '/history/process-instance',
      filters: INSTANCE_FILTERS,
      sortKeys: [
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
      ],
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
  ];
}

function withStates(query: HistoricInstanceQuery, raw: JsonRecord): HistoricInstanceQuery {
  const states = Object.entries(STATE_FLAGS).filter(([name]) => optional(raw, name, flag) === true);
  return states.length === 0 ? query : { ...query, stateIn: states.map(([, state]) => state) };
}
