import type { EngineDispatch } from './engine.dispatch.js';

/**
 * How an engine in this process is. `recovering`: it takes no commands, and goes on by itself. `failed`: only a new
 * process, or a person, can help.
 */
export type EngineCondition =
  { readonly status: 'running' } | { readonly status: 'recovering' | 'failed'; readonly reason: string };

/** Where the engine's REST API is, and how it is reached. */
export interface EngineEndpoint {
  /** Without a trailing slash, for example `http://camunda:8080/engine-rest`; may carry user and password. */
  readonly baseUrl: string;
  /** Answers requests in this process; where it is absent they go over HTTP. */
  readonly dispatch?: EngineDispatch;
  /** Of an engine in this process; absent for one outside. */
  readonly condition?: () => EngineCondition;
}

/** Token of the {@link EngineEndpoint}, bound by the application's root module. */
export const ENGINE_ENDPOINT = Symbol('ENGINE_ENDPOINT');
