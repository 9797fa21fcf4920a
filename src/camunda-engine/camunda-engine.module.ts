import { Module } from '@nestjs/common';
import { PARTNERS_CONFIG, type PartnersConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { EngineDeploymentService } from './engine-deployment.service.js';
import { EngineDefinitionsClient } from './engine-definitions.client.js';
import { EngineDeploymentsClient } from './engine-deployments.client.js';
import { EngineBpmnModelsService } from './engine-bpmn-models.service.js';
import { EngineHistoryClient } from './engine-history.client.js';
import { EngineInstancesClient } from './engine-instances.client.js';
import { EngineWaitsClient } from './engine-waits.client.js';
import { EngineMessagesClient } from './engine-messages.client.js';
import { EngineTasksClient } from './engine-tasks.client.js';
import { EngineConnection } from './engine.connection.js';
import { EngineAccessMonitor } from './engine-access.monitor.js';
import { ENGINE_ENDPOINT, type EngineEndpoint } from './engine.endpoint.js';
import { EngineTransport } from './engine.transport.js';
import { createHttpTransport } from './http-engine.transport.js';
import { InProcessEngineTransport } from './in-process-engine.transport.js';
import { OwnBpmnModels } from './own-bpmn-models.js';

function createTransport(
  endpoint: EngineEndpoint,
  shutdown: ShutdownService,
  access: EngineAccessMonitor,
  partners: PartnersConfig,
): EngineTransport {
  const { baseUrl, dispatch } = endpoint;
  return dispatch === undefined
    ? createHttpTransport(endpoint, shutdown, access, partners)
    : new InProcessEngineTransport(dispatch, baseUrl);
}

/**
 * The clients of the process engine.
 *
 * The application binds `ENGINE_ENDPOINT` and `PROCESS_DEFINITIONS` in a global module.
 */
@Module({
  providers: [
    EngineAccessMonitor,
    {
      provide: EngineTransport,
      inject: [ENGINE_ENDPOINT, ShutdownService, EngineAccessMonitor, PARTNERS_CONFIG],
      useFactory: createTransport,
    },
    EngineConnection,
    EngineInstancesClient,
    EngineTasksClient,
    EngineMessagesClient,
    EngineDefinitionsClient,
    EngineHistoryClient,
    EngineWaitsClient,
    EngineBpmnModelsService,
    EngineDeploymentsClient,
    EngineDeploymentService,
    OwnBpmnModels,
  ],
  exports: [
    EngineAccessMonitor,
    EngineTransport,
    EngineConnection,
    EngineInstancesClient,
    EngineTasksClient,
    EngineMessagesClient,
    EngineDefinitionsClient,
    EngineHistoryClient,
    EngineWaitsClient,
    EngineBpmnModelsService,
    EngineDeploymentService,
    OwnBpmnModels,
  ],
})
export class CamundaEngineModule {}
