import type { CamundaConfig } from '../../config/index.js';
import { EngineConnection } from '../engine.connection.js';
import { EngineDeploymentsClient } from '../engine-deployments.client.js';
import { EngineHistoryClient } from '../engine-history.client.js';
import { EngineInstancesClient } from '../engine-instances.client.js';
import type { EngineTransport } from '../engine.transport.js';

/** The clients of one engine, on one connection. */
export interface EngineClients {
  readonly connection: EngineConnection;
  readonly instances: EngineInstancesClient;
  readonly history: EngineHistoryClient;
  readonly deployments: EngineDeploymentsClient;
}

/** Creates all clients over a transport, as the module does. */
export function createEngineClients(transport: EngineTransport, config: CamundaConfig): EngineClients {
  const connection = new EngineConnection(transport);
  return {
    connection,
    instances: new EngineInstancesClient(connection, config),
    history: new EngineHistoryClient(connection),
    deployments: new EngineDeploymentsClient(connection),
  };
}
