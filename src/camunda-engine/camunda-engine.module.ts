import { Module } from '@nestjs/common';
import { PARTNERS_CONFIG, type PartnersConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { EngineDeploymentService } from './engine-deployment.service.js';
import { EngineDeploymentsClient } from './engine-deployments.client.js';
import { EngineHistoryClient } from './engine-history.client.js';
import { EngineInstancesClient } from './engine-instances.client.js';
import { EngineConnection } from './engine.connection.js';
import { EngineAccess } from './engine.access.js';
import { ENGINE_ENDPOINT, type EngineEndpoint } from './engine.endpoint.js';
import { EngineTransport } from './engine.transport.js';
import { HttpEngineTransport } from './http-engine.transport.js';
import { InProcessEngineTransport } from './in-process-engine.transport.js';
import { ProcessDrawings } from './process.drawings.js';

function createTransport(
  endpoint: EngineEndpoint,
  shutdown: ShutdownService,
  access: EngineAccess,
  { maxConnections, proxies }: PartnersConfig,
): EngineTransport {
  const { baseUrl, dispatch } = endpoint;
  return dispatch === undefined
    ? new HttpEngineTransport(endpoint, shutdown, access, maxConnections, proxies)
    : new InProcessEngineTransport(dispatch, baseUrl);
}

/**
 * The engine for the rest of the service.
 *
 * `ENGINE_ENDPOINT` and `PROCESS_DEFINITIONS` come from a global module of the application's root.
 */
@Module({
  providers: [
    EngineAccess,
    {
      provide: EngineTransport,
      inject: [ENGINE_ENDPOINT, ShutdownService, EngineAccess, PARTNERS_CONFIG],
      useFactory: createTransport,
    },
    EngineConnection,
    EngineInstancesClient,
    EngineHistoryClient,
    EngineDeploymentsClient,
    EngineDeploymentService,
    ProcessDrawings,
  ],
  exports: [
    EngineAccess,
    EngineTransport,
    EngineConnection,
    EngineInstancesClient,
    EngineHistoryClient,
    EngineDeploymentService,
    ProcessDrawings,
  ],
})
export class CamundaEngineModule {}
