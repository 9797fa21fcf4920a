import type { LockedExternalTask, ProcessInstanceView } from '../../core/engine-api.types.js';
import type {
  DefinitionRecord,
  DeploymentRecord,
  ExternalTaskRecord,
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
  IncidentRecord,
} from '../../persist/records.types.js';

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
  startTime: NOON,
  endTime: null,
  canceled: false,
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
