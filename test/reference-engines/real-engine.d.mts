/** The engines that can be started, by the names of their folders. */
export const REAL_ENGINES: readonly string[];

/** An engine that runs in a separate process. */
export interface RealEngine {
  /** `http://127.0.0.1:PORT/engine-rest` */
  readonly baseUrl: string;
  /** Settles when the engine's process has ended. */
  stop(): Promise<void>;
}

/** An engine that {@link startRealEngine} started. */
export interface StartedEngine extends RealEngine {
  /** Ends the engine's process with SIGKILL. */
  kill(): Promise<void>;
}

/** Builds the jar of an engine unless a jar of the same sources exists. Returns its path. */
export function buildRealEngine(target: string): Promise<string>;

/**
 * Starts an engine on a free port of 127.0.0.1 and waits until its REST API answers.
 *
 * @param variables environment variables that replace properties of its application.yml
 */
export function startRealEngine(target: string, variables?: Record<string, string>): Promise<StartedEngine>;

/** The engine at CAMUNDA_BASE_URL if it is set, which `stop` does not stop; otherwise a started one. */
export function reachRealEngine(target: string): Promise<RealEngine>;
