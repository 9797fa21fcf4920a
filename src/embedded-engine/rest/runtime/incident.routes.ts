import { INCIDENT_QUERY } from '../../query/incident.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { Route } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { presentIncident } from './incident.presenter.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';

/** `/incident`. */
export function incidentRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(
      INCIDENT_QUERY,
      {
        find: (query) => runtime.findIncidents(query),
        count: (query) => runtime.countIncidents(query),
        present: presentIncident,
      },
      ['GET'],
    ),
    {
      method: 'GET',
      path: '/incident/:id',
      handle: (call) => {
        const incident = runtime.findIncident(call.param('id'));
        if (incident === null) throw notFound(`No matching incident with id ${call.param('id')}`);
        return ok(presentIncident(incident));
      },
    },
  ];
}
