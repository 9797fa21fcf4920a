export { abortableDelay, backOffMs } from './abortable-delay.js';
export { CamundaEngineModule } from './camunda-engine.module.js';
export { EngineDeploymentService } from './engine-deployment.service.js';
export { type DefinitionVersions, EngineDefinitionsClient } from './engine-definitions.client.js';
export { EngineBpmnModelsService } from './engine-bpmn-models.service.js';
export { EngineHistoryClient } from './engine-history.client.js';
export { EngineInstancesClient } from './engine-instances.client.js';
export {
  EngineMessagesClient,
  hasSeveralReceivers,
  isWithoutReceiver,
  type MessageReceiver,
} from './engine-messages.client.js';
export { EngineTasksClient, isTaskGone, type UserTaskFilter } from './engine-tasks.client.js';
export {
  type ActivityTree,
  EngineWaitsClient,
  type TimerJob,
  type WaitingTask,
} from './engine-waits.client.js';
export { EngineAccessMonitor } from './engine-access.monitor.js';
export { requireSuccess } from './engine.answer.js';
export { EngineConnection } from './engine.connection.js';
export type { EngineDispatch } from './engine.dispatch.js';
export { ENGINE_ENDPOINT, type EngineCondition, type EngineEndpoint } from './engine.endpoint.js';
export {
  EngineAmbiguousError,
  EngineCallError,
  EngineMisconfiguredError,
  EngineResponseError,
  EngineTooLateError,
  EngineUnreachableError,
  isConnectionTrouble,
} from './engine.errors.js';
export { readEngineFault } from './engine.fault.js';
export type {
  EngineDefinition,
  HistoricActivity,
  HistoricInstance,
  HistoricTypedVariable,
  Incident,
  LockedExternalTask,
  ProcessInstance,
  UserTask,
} from './engine.schemas.js';
export { type EngineRequest, type EngineResponse, EngineTransport } from './engine.transport.js';
export { OwnBpmnModels } from './own-bpmn-models.js';
export {
  fromTypedVariable,
  fromTypedVariables,
  toEngineDate,
  toTypedVariables,
  type TypedVariable,
  type TypedVariables,
  UnsupportedVariableError,
} from './typed-variables.mapper.js';
