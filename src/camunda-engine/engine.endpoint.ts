/** Where the engine's REST API is. */
export interface EngineEndpoint {
  /** Without a trailing slash, for example `http://camunda:8080/engine-rest`; may carry user and password. */
  readonly baseUrl: string;
}

/** Token of the {@link EngineEndpoint}, bound by the application's root module. */
export const ENGINE_ENDPOINT = Symbol('ENGINE_ENDPOINT');
