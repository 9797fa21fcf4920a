import { Injectable } from '@nestjs/common';
import { EngineConnection } from './engine.connection.js';
import { type Deployment, deploymentSchema } from './engine.schemas.js';

/** Milliseconds for a deployment, which parses and stores. */
const DEPLOY_TIMEOUT_MS = 30_000;

/** Deployments of the engine, over the Camunda 7 REST API. */
@Injectable()
export class EngineDeploymentsClient {
  constructor(private readonly connection: EngineConnection) {}

  /**
   * Deploys resources, only those that differ from what was deployed last under this name.
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
