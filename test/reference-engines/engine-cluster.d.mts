import type { StartedEngine } from './real-engine.mjs';

/** Engine nodes over one PostgreSQL database, with a load balancer in front of them. */
export interface EngineCluster {
  /** Of the nodes, in the order of `nodes`. */
  readonly baseUrls: readonly string[];
  /** Of the load balancer, which sends each request to the next node. */
  readonly baseUrl: string;
  readonly nodes: readonly StartedEngine[];
  /** Stops the load balancer and the nodes, and drops the database. */
  stop(): Promise<void>;
}

/** Starts the nodes of an engine cluster over a database of their own; 2 unless another number is given. */
export function startEngineCluster(nodes?: number): Promise<EngineCluster>;
