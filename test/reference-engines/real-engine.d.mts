/** The engines that can be started, by the names of their folders. */
export const REAL_ENGINES: readonly string[];

/** An engine that runs in a separate process. */
export interface RealEngine {
  /** `http://127.0.0.1:PORT/engine-rest` */
  readonly baseUrl: string;
  /** Settles when the engine's process has ended. */
  stop(): Promise<void>;
}

/** Builds the jar of an engine unless a jar of the same sources exists. Returns its path. */
export function buildRealEngine(target: string): Promise<string>;

/** Starts an engine on a free port of 127.0.0.1 and waits until its REST API answers. */
export function startRealEngine(target: string): Promise<RealEngine>;

/** The engine at CAMUNDA_BASE_URL if it is set, which `stop` does not stop; otherwise a started one. */
export function reachRealEngine(target: string): Promise<RealEngine>;
