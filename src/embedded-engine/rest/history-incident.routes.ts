import type { HistoricIncidentQuery } from '../history/historic-incident.query.js';
import type { HistoryService } from '../history/history.service.js';
import type { HistoricIncidentRecord } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { presentHistoricIncident } from './history-incident.presenter.js';
import { list, text } from './json.reader.js';
import { date, flag, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';

const FILTERS: FilterTable<HistoricIncidentQuery> = {
  incidentId: text,
  incidentType: text,
  incidentMessage: text,
  incidentMessageLike: text,
  processDefinitionId: text,
  processDefinitionKey: text,
  processDefinitionKeyIn: list,
  processInstanceId: text,
  executionId: text,
  activityId: text,
  failedActivityId: text,
  causeIncidentId: text,
  rootCauseIncidentId: text,
  configuration: text,
  open: flag,
  resolved: flag,
  deleted: flag,
  createTimeBefore: date,
  createTimeAfter: date,
  endTimeBefore: date,
  endTimeAfter: date,
  tenantIdIn: list,
};

const SORT_KEYS = [
  'incidentId',
  'incidentMessage',
  'createTime',
  'endTime',
  'incidentType',
  'executionId',
  'activityId',
  'processInstanceId',
  'processDefinitionId',
  'processDefinitionKey',
  'causeIncidentId',
  'rootCauseIncidentId',
  'configuration',
  'tenantId',
  'incidentState',
] as const;

/** `/history/incident`. */
export function historicIncidentRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes<HistoricIncidentQuery, HistoricIncidentRecord>(
    {
      path: '/history/incident',
      filters: FILTERS,
      sortKeys: SORT_KEYS,
      find: (query) => history.findIncidents(query),
      count: (query) => history.countIncidents(query),
      present: (incident) =>
        presentHistoricIncident(incident, history.findInstance(incident.processInstanceId)),
    },
    ['GET'],
  );
}
