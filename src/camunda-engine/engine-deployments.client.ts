import { Injectable } from '@nestjs/common';
import { EngineConnection } from './engine.connection.js';
import { type Deployment, deploymentSchema } from './engine.schemas.js';

/** Timeout of a deployment in milliseconds; the engine parses and stores the files. */
const DEPLOY_TIMEOUT_MS = 30_000;

/** Deploys to the engine over the Camunda 7 REST API. */
@Injectable()
export class EngineDeploymentsClient {
  constructor(private readonly connection: EngineConnection) {}

  /**
   * Deploys the resources that differ from the last deployment of this name.
   *
   * @throws EngineResponseError with status 400 and the problems in `details` if a BPMN cannot be parsed
   */
  async deploy(deployment: {
    readonly name: string;
    readonly resources: readonly { readonly filename: string; readonly content: string }[];
    readonly signal?: AbortSignal;
  }): Promise<Deployment> {
    const answer = await this.connection.read(
      {
        method: 'POST',
        path: '/deployment/create',
        multipart: [
          { name: 'deployment-name', content: deployment.name },
          { name: 'deployment-source', content: 'fastify-camunda' },
          { name: 'enable-duplicate-filtering', content: 'true' },
          { name: 'deploy-changed-only', content: 'true' },
          ...deployment.resources.map((resource) => ({ name: resource.filename, ...resource })),
        ],
        timeoutMs: DEPLOY_TIMEOUT_MS,
        signal: deployment.signal,
      },
      deploymentSchema,
    );
    return { id: answer.id, deployed: Object.values(answer.deployedProcessDefinitions ?? {}) };
  }
}
