import type { ExecutionView } from '../../query/execution.query.js';
import type { HistoricIncident } from '../../query/historic-incident.query.js';
import type { ProcessInstanceView } from '../../query/process-instance.query.js';
import type { VariableInstanceView } from '../../query/variable-instance.query.js';
import type { LockedExternalTask } from '../../tasks/fetch-and-lock.types.js';
import type {
  DefinitionRecord,
  DeploymentRecord,
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

/** 2026-01-31T10:00:00.000Z */
export const NOON = Date.UTC(2026, 0, 31, 10);
export const NOON_TEXT = '2026-01-31T10:00:00.000+0000';

export const DEPLOYMENT: DeploymentRecord = {
  id: 'D',
  name: 'orders',
  source: null,
  deploymentTime: NOON,
  tenantId: null,
};

export const DEFINITION: DefinitionRecord = {
  id: 'order:3:u',
  key: 'order',
  name: 'Order',
  version: 3,
  versionTag: 'v3',
  resource: 'order.bpmn',
  deploymentId: 'D',
  category: 'urn:test',
  suspended: false,
  tenantId: null,
  historyTimeToLive: 30,
  description: null,
  startableInTasklist: true,
};

export const INSTANCE: ProcessInstanceView = {
  id: 'PI',
  definitionId: 'order:3:u',
  definitionKey: 'order',
  businessKey: 'ord-1',
  ended: false,
  suspended: false,
  tenantId: null,
};

export const TASK: ExternalTaskRecord = {
  id: 'T',
  topicName: 'charge',
  activityId: 'Charge',
  activityInstanceId: 'Charge:u',
  executionId: 'E',
  processInstanceId: 'PI',
  processDefinitionId: 'order:3:u',
  processDefinitionKey: 'order',
  processDefinitionVersionTag: null,
  businessKey: 'ord-1',
  tenantId: null,
  suspended: false,
  priority: 0,
  createTime: NOON,
  workerId: 'w',
  lockExpirationTime: NOON + 30_000,
  retries: null,
  errorMessage: null,
  errorDetails: null,
};

export const LOCKED_TASK: LockedExternalTask = {
  ...TASK,
  variables: new Map([['orderId', { type: 'String', value: 'A1', valueInfo: {} }]]),
  extensionProperties: { team: 'billing' },
};

export const INCIDENT: IncidentRecord = {
  id: 'I',
  incidentType: 'failedExternalTask',
  incidentTimestamp: NOON,
  incidentMessage: 'timeout',
  configuration: 'T',
  historyConfiguration: 'L',
  activityId: 'Charge',
  failedActivityId: 'Charge',
  executionId: 'E',
  processInstanceId: 'PI',
  processDefinitionId: 'order:3:u',
  causeIncidentId: 'I',
  rootCauseIncidentId: 'I',
  tenantId: null,
};

export const HISTORIC_INSTANCE: HistoricInstanceRecord = {
  id: 'PI',
  businessKey: 'ord-1',
  processDefinitionId: 'order:3:u',
  processDefinitionKey: 'order',
  processDefinitionName: 'Order',
  processDefinitionVersion: 3,
  startTime: NOON,
  endTime: NOON + 812,
  removalTime: null,
  startActivityId: 'Start',
  endActivityId: 'End',
  deleteReason: null,
  superProcessInstanceId: null,
  rootProcessInstanceId: 'PI',
  tenantId: null,
  state: 'COMPLETED',
};

export const HISTORIC_ACTIVITY: HistoricActivityRecord = {
  id: 'Charge:u',
  parentActivityInstanceId: 'PI',
  activityId: 'Charge',
  activityName: 'Charge the card',
  activityType: 'serviceTask',
  processDefinitionId: 'order:3:u',
  processDefinitionKey: 'order',
  processInstanceId: 'PI',
  executionId: 'E',
  taskId: null,
  assignee: null,
  calledProcessInstanceId: null,
  startTime: NOON,
  endTime: null,
  canceled: false,
  sequence: 1,
  completeScope: false,
};

export const HISTORIC_VARIABLE: HistoricVariableRecord = {
  id: 'V',
  name: 'result',
  value: { type: 'Json', value: '{"ok":true}', valueInfo: {} },
  processDefinitionId: 'order:3:u',
  processDefinitionKey: 'order',
  processInstanceId: 'PI',
  executionId: 'PI',
  activityInstanceId: 'PI',
  createTime: NOON,
  state: 'CREATED',
};

const WHERE = {
  activityId: 'Approve',
  activityInstanceId: 'Approve:u',
  executionId: 'E',
  processInstanceId: 'PI',
  processDefinitionId: 'order:3:u',
  tenantId: null,
} as const;

export const USER_TASK: UserTaskRecord = {
  ...WHERE,
  id: 'T',
  name: 'Approve it',
  description: null,
  assignee: 'ann',
  owner: null,
  candidateUsers: [],
  candidateGroups: ['staff'],
  priority: 50,
  createTime: NOON,
  dueDate: NOON + 1,
  followUpDate: null,
  formKey: 'embedded:form',
  suspended: false,
};

export const SUBSCRIPTION: EventSubscriptionRecord = {
  ...WHERE,
  id: 'S',
  eventType: 'message',
  eventName: 'paid',
  createTime: NOON,
  suspended: false,
};

export const JOB: JobRecord = {
  ...WHERE,
  id: 'J',
  dueDate: NOON,
  retries: 3,
  exceptionMessage: 'broken',
  exceptionStacktrace: 'broken at',
  failedActivityId: null,
  createTime: NOON,
  suspended: false,
  priority: 0,
  processDefinitionKey: 'order',
};

export const EXECUTION: ExecutionView = { id: 'E', processInstanceId: 'PI', ended: false, tenantId: null };

export const VARIABLE_INSTANCE: VariableInstanceView = {
  id: 'V',
  name: 'scan',
  value: { type: 'Bytes', value: 'aGk=', valueInfo: {} },
  processInstanceId: 'PI',
  processDefinitionId: 'order:3:u',
  executionId: 'E',
  activityInstanceId: 'Charge:u',
  tenantId: 'acme',
};

export const HISTORIC_INCIDENT: HistoricIncident = {
  ...INCIDENT,
  processDefinitionKey: 'order',
  endTime: NOON + 5,
  state: 'RESOLVED',
};

export const HISTORIC_TASK: HistoricUserTaskRecord = {
  ...WHERE,
  id: 'T',
  name: 'Approve it',
  description: null,
  assignee: 'ann',
  owner: null,
  priority: 50,
  startTime: NOON,
  endTime: NOON + 9,
  dueDate: null,
  followUpDate: null,
  deleteReason: 'completed',
  processDefinitionKey: 'order',
};

export const TASK_LOG: ExternalTaskLogRecord = {
  ...WHERE,
  id: 'L',
  timestamp: NOON,
  event: 'FAILED',
  externalTaskId: 'T',
  topicName: 'charge',
  workerId: 'w',
  retries: 0,
  priority: 0,
  errorMessage: 'timeout',
  errorDetails: 'timeout at',
  processDefinitionKey: 'order',
};

export const OPEN_TASK: HistoricUserTaskRecord = {
  ...HISTORIC_TASK,
  id: 'U',
  name: 'Approve',
  assignee: 'mary',
  endTime: null,
  deleteReason: null,
};

export const CREATED_LOG: ExternalTaskLogRecord = {
  ...TASK_LOG,
  event: 'CREATED',
  workerId: null,
  retries: null,
  errorMessage: null,
  errorDetails: null,
  activityId: 'Charge',
  activityInstanceId: 'Charge:u',
};

export const OPEN_INCIDENT: HistoricIncidentRecord = { ...INCIDENT, endTime: null, state: 'OPEN' };
