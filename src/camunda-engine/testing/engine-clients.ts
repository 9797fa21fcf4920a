import type { CamundaConfig } from '../../config/index.js';
import { EngineConnection } from '../engine.connection.js';
import { EngineDefinitionsClient } from '../engine-definitions.client.js';
import { EngineDeploymentsClient } from '../engine-deployments.client.js';
import { EngineHistoryClient } from '../engine-history.client.js';
import { EngineInstancesClient } from '../engine-instances.client.js';
import { EngineTasksClient } from '../engine-tasks.client.js';
import type { EngineTransport } from '../engine.transport.js';

/** The clients of one engine, on one connection. */
export interface EngineClients {
  readonly connection: EngineConnection;
  readonly instances: EngineInstancesClient;
  readonly history: EngineHistoryClient;
  readonly tasks: EngineTasksClient;
  readonly definitions: EngineDefinitionsClient;
  readonly deployments: EngineDeploymentsClient;
}

/** Creates all clients over a transport, as the module does. */
export function createEngineClients(transport: EngineTransport, config: CamundaConfig): EngineClients {
  const connection = new EngineConnection(transport);
  return {
    connection,
    instances: new EngineInstancesClient(connection, config),
    history: new EngineHistoryClient(connection),
    tasks: new EngineTasksClient(connection),
    definitions: new EngineDefinitionsClient(connection),
    deployments: new EngineDeploymentsClient(connection),
  };
}
