import type { IncidentRecord } from '../state/records.types.js';
import { above, below, equals, like, oneOf, where } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import type { QueryContext } from './query.context.js';

/** Open incidents. */
export const INCIDENT_QUERY = defineQuery<IncidentRecord, QueryContext>()({
  path: '/incident',
  filters: {
    incidentId: equals('id'),
    incidentType: equals('incidentType'),
    incidentMessage: equals('incidentMessage'),
    incidentMessageLike: like('incidentMessage'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKeyIn: where('list', ({ processDefinitionId }, keys, state) =>
      keys.includes(state.definition(processDefinitionId)?.key ?? ''),
    ),
    processInstanceId: equals('processInstanceId'),
    executionId: equals('executionId'),
    activityId: equals('activityId'),
    failedActivityId: equals('failedActivityId'),
    causeIncidentId: equals('causeIncidentId'),
    rootCauseIncidentId: equals('rootCauseIncidentId'),
    configuration: equals('configuration'),
    incidentTimestampBefore: below('incidentTimestamp'),
    incidentTimestampAfter: above('incidentTimestamp'),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    incidentId: 'id',
    incidentTimestamp: 'incidentTimestamp',
    incidentType: 'incidentType',
    activityId: 'activityId',
    processInstanceId: 'processInstanceId',
    processDefinitionId: 'processDefinitionId',
  },
  unserved: 'jobDefinitionIdIn',
});

export type IncidentQuery = QueryOf<typeof INCIDENT_QUERY>;
