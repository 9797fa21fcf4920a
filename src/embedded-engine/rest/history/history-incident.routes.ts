import { HISTORIC_INCIDENT_QUERY } from '../../query/historic-incident.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { Route } from '../http/engine.router.js';
import { presentHistoricIncident } from './history-incident.presenter.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/history/incident`. */
export function historicIncidentRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes(
    HISTORIC_INCIDENT_QUERY,
    {
      find: (query) => history.findIncidents(query),
      count: (query) => history.countIncidents(query),
      present: (incident) =>
        presentHistoricIncident(incident, history.findInstance(incident.processInstanceId)),
    },
    ['GET'],
  );
}
