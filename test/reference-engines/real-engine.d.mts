/** The engines that can be started, by the names of their folders. */
export const REAL_ENGINES: readonly string[];

/** An engine that runs in a process of its own. */
export interface RealEngine {
  /** `http://127.0.0.1:PORT/engine-rest` */
  readonly baseUrl: string;
  /** Settles when the engine's process has ended. */
  stop(): Promise<void>;
}

/** Builds an engine's jar unless it is there, made from the same sources, and says where it is. */
export function buildRealEngine(target: string): Promise<string>;

/** Starts an engine on a free port of 127.0.0.1 and waits until its REST API answers. */
export function startRealEngine(target: string): Promise<RealEngine>;

/** The engine at CAMUNDA_BASE_URL if that is set, which `stop` leaves alone; else one that is started. */
export function reachRealEngine(target: string): Promise<RealEngine>;
