import type { InstanceHistory } from '../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../state/records.types.js';
import {
  anyFlag,
  atLeast,
  atMost,
  equals,
  inContext,
  isNull,
  isSet,
  isTrue,
  like,
  noneOf,
  oneOf,
  where,
  whereChoice,
} from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesVariables } from './define/variable.filter.js';
import { DURATION } from './duration.js';

/** Process instances, running and ended. */
export const HISTORIC_PROCESS_INSTANCE_QUERY = defineQuery<HistoricInstanceRecord, InstanceHistory>()({
  path: '/history/process-instance',
  filters: {
    processInstanceId: equals('id'),
    processInstanceIds: oneOf('id', 'ids'),
    processInstanceBusinessKey: equals('businessKey'),
    processInstanceBusinessKeyIn: oneOf('businessKey'),
    processInstanceBusinessKeyLike: like('businessKey'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    processDefinitionKeyIn: oneOf('processDefinitionKey'),
    processDefinitionKeyNotIn: noneOf('processDefinitionKey'),
    processDefinitionName: equals('processDefinitionName'),
    processDefinitionNameLike: like('processDefinitionName'),
    finished: isSet('endTime'),
    unfinished: isNull('endTime'),
    stateIn: anyFlag('state', {
      active: 'ACTIVE',
      suspended: 'SUSPENDED',
      completed: 'COMPLETED',
      externallyTerminated: 'EXTERNALLY_TERMINATED',
      internallyTerminated: 'INTERNALLY_TERMINATED',
    }),
    /** Has or had an incident, open or resolved. */
    withIncidents: inContext(isTrue('hadIncident'), (history: InstanceHistory) => history),
    /** Has an incident that is open, or one that is not open any more. */
    incidentStatus: whereChoice(['open', 'resolved'], (_record, status, { incidents }) =>
      [...(incidents?.values() ?? [])].some(({ endTime }) => (endTime === null) === (status === 'open')),
    ),
    /** Has been at one of these elements. */
    executedActivityIdIn: where('list', (_record, ids, { activities }) =>
      [...activities.values()].some(
        ({ activityId, endTime }) => endTime !== null && ids.includes(activityId),
      ),
    ),
    /** Is at one of these elements. */
    activeActivityIdIn: where('list', (_record, ids, { activities }) =>
      [...activities.values()].some(
        ({ activityId, endTime }) => endTime === null && ids.includes(activityId),
      ),
    ),
    startedAfter: atLeast('startTime'),
    startedBefore: atMost('startTime'),
    finishedAfter: atLeast('endTime'),
    finishedBefore: atMost('endTime'),
    rootProcessInstances: isNull('superProcessInstanceId'),
    superProcessInstanceId: equals('superProcessInstanceId'),
    variables: where('variables', (_record, filters, { variables }) => {
      const values = new Map([...variables.values()].map(({ name, value }) => [name, value]));
      return matchesVariables((name) => values.get(name), filters);
    }),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: {
    instanceId: 'id',
    definitionId: 'processDefinitionId',
    definitionKey: 'processDefinitionKey',
    definitionName: 'processDefinitionName',
    definitionVersion: 'processDefinitionVersion',
    businessKey: 'businessKey',
    startTime: 'startTime',
    endTime: 'endTime',
    duration: DURATION,
    tenantId: 'tenantId',
  },
  unserved: `
    activityIdIn caseInstanceId executedActivityAfter executedActivityBefore executedJobAfter executedJobBefore
    incidentIdIn incidentMessage incidentMessageLike incidentType orQueries processInstanceIdNotIn
    rootProcessInstanceId startedBy subCaseInstanceId subProcessInstanceId superCaseInstanceId
    variableNamesIgnoreCase variableValuesIgnoreCase withJobsRetrying withRootIncidents`,
});

export type HistoricInstanceQuery = QueryOf<typeof HISTORIC_PROCESS_INSTANCE_QUERY>;
