import type { EngineDispatch } from './engine.dispatch.js';

/** Where the engine's REST API is, and how it is reached. */
export interface EngineEndpoint {
  /** Without a trailing slash, for example `http://camunda:8080/engine-rest`; may carry user and password. */
  readonly baseUrl: string;
  /** Answers requests in this process; where it is absent they go over HTTP. */
  readonly dispatch?: EngineDispatch;
}

/** Token of the {@link EngineEndpoint}, bound by the application's root module. */
export const ENGINE_ENDPOINT = Symbol('ENGINE_ENDPOINT');
