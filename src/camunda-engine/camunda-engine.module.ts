import { Module } from '@nestjs/common';
import { ShutdownService } from '../lifecycle/index.js';
import { CamundaEngineClient } from './camunda-engine.client.js';
import { EngineDeploymentService } from './engine-deployment.service.js';
import { ENGINE_ENDPOINT, type EngineEndpoint } from './engine.endpoint.js';
import { EngineTransport } from './engine.transport.js';
import { HttpEngineTransport } from './http-engine.transport.js';
import { InProcessEngineTransport } from './in-process-engine.transport.js';

function createTransport(endpoint: EngineEndpoint, shutdown: ShutdownService): EngineTransport {
  const { baseUrl, dispatch } = endpoint;
  return dispatch === undefined
    ? new HttpEngineTransport(endpoint, shutdown)
    : new InProcessEngineTransport(dispatch, baseUrl);
}

/**
 * The engine for the rest of the service.
 *
 * `ENGINE_ENDPOINT` and `PROCESS_DEFINITIONS` come from a global module of the application's root.
 */
@Module({
  providers: [
    { provide: EngineTransport, inject: [ENGINE_ENDPOINT, ShutdownService], useFactory: createTransport },
    CamundaEngineClient,
    EngineDeploymentService,
  ],
  exports: [EngineTransport, CamundaEngineClient, EngineDeploymentService],
})
export class CamundaEngineModule {}
