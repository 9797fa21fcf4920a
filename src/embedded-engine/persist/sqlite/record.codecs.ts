import type {
  EventSubscriptionRecord,
  ExternalTaskLogRecord,
  ExternalTaskRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from '../../state/records.types.js';
import { codecFor } from './record.codec.js';

export const INSTANCE_CODEC = codecFor<HistoricInstanceRecord>()({
  shared: [],
  ids: [],
  own: [
    'id',
    'businessKey',
    'processDefinitionId',
    'processDefinitionKey',
    'processDefinitionName',
    'processDefinitionVersion',
    'startTime',
    'endTime',
    'removalTime',
    'startActivityId',
    'endActivityId',
    'deleteReason',
    'superProcessInstanceId',
    'rootProcessInstanceId',
    'tenantId',
    'state',
  ],
});

export const EXTERNAL_TASK_CODEC = codecFor<ExternalTaskRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey', 'businessKey', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'topicName',
    'activityId',
    'activityInstanceId',
    'processDefinitionVersionTag',
    'suspended',
    'priority',
    'createTime',
    'workerId',
    'lockExpirationTime',
    'retries',
    'errorMessage',
    'errorDetails',
  ],
});

export const JOB_CODEC = codecFor<JobRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey', 'tenantId'],
  ids: ['executionId', 'activityInstanceId'],
  own: [
    'id',
    'dueDate',
    'retries',
    'exceptionMessage',
    'exceptionStacktrace',
    'failedActivityId',
    'createTime',
    'suspended',
    'priority',
    'activityId',
  ],
});

export const SUBSCRIPTION_CODEC = codecFor<EventSubscriptionRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'tenantId'],
  ids: ['executionId', 'activityInstanceId'],
  own: ['id', 'eventType', 'eventName', 'createTime', 'suspended', 'activityId'],
});

export const USER_TASK_CODEC = codecFor<UserTaskRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'name',
    'description',
    'assignee',
    'owner',
    'candidateUsers',
    'candidateGroups',
    'priority',
    'createTime',
    'dueDate',
    'followUpDate',
    'formKey',
    'suspended',
    'activityId',
    'activityInstanceId',
  ],
});

export const INCIDENT_CODEC = codecFor<IncidentRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'incidentType',
    'incidentTimestamp',
    'incidentMessage',
    'configuration',
    'historyConfiguration',
    'activityId',
    'failedActivityId',
    'causeIncidentId',
    'rootCauseIncidentId',
  ],
});

export const HISTORIC_ACTIVITY_CODEC = codecFor<HistoricActivityRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey'],
  ids: ['parentActivityInstanceId', 'executionId'],
  own: [
    'id',
    'activityId',
    'activityName',
    'activityType',
    'taskId',
    'assignee',
    'calledProcessInstanceId',
    'startTime',
    'endTime',
    'canceled',
    'sequence',
    'completeScope',
  ],
});

export const HISTORIC_VARIABLE_CODEC = codecFor<HistoricVariableRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey'],
  ids: ['executionId', 'activityInstanceId'],
  own: ['id', 'name', 'value', 'createTime', 'state'],
});

export const HISTORIC_INCIDENT_CODEC = codecFor<HistoricIncidentRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'incidentType',
    'incidentTimestamp',
    'incidentMessage',
    'configuration',
    'activityId',
    'failedActivityId',
    'causeIncidentId',
    'rootCauseIncidentId',
    'historyConfiguration',
    'endTime',
    'state',
  ],
});

export const HISTORIC_USER_TASK_CODEC = codecFor<HistoricUserTaskRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'name',
    'description',
    'assignee',
    'owner',
    'priority',
    'startTime',
    'endTime',
    'dueDate',
    'followUpDate',
    'deleteReason',
    'activityId',
    'activityInstanceId',
  ],
});

export const TASK_LOG_CODEC = codecFor<ExternalTaskLogRecord>()({
  shared: ['processInstanceId', 'processDefinitionId', 'processDefinitionKey', 'tenantId'],
  ids: ['executionId'],
  own: [
    'id',
    'timestamp',
    'event',
    'externalTaskId',
    'topicName',
    'workerId',
    'retries',
    'priority',
    'errorMessage',
    'errorDetails',
    'activityId',
    'activityInstanceId',
  ],
});
