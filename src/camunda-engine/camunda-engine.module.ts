import { Module } from '@nestjs/common';
import { CamundaEngineClient } from './camunda-engine.client.js';
import { EngineDeploymentService } from './engine-deployment.service.js';
import { EngineTransport } from './engine.transport.js';
import { HttpEngineTransport } from './http-engine.transport.js';

/**
 * The engine for the rest of the service.
 *
 * `ENGINE_ENDPOINT` and `PROCESS_DEFINITIONS` come from a global module of the application's root.
 */
@Module({
  providers: [
    { provide: EngineTransport, useClass: HttpEngineTransport },
    CamundaEngineClient,
    EngineDeploymentService,
  ],
  exports: [EngineTransport, CamundaEngineClient, EngineDeploymentService],
})
export class CamundaEngineModule {}
