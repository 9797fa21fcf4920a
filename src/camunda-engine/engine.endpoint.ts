import type { EngineAuthConfig, TlsFilesConfig } from '../config/index.js';
import type { EngineDispatch } from './engine.dispatch.js';

/**
 * State of an engine in this process. `recovering`: it accepts no commands, and recovers without help. `failed`: the
 * process has to be restarted, or an operator has to act.
 */
export type EngineCondition =
  { readonly status: 'running' } | { readonly status: 'recovering' | 'failed'; readonly reason: string };

/** Address of the engine's REST API, and how to reach it. */
export interface EngineEndpoint {
  /** Without a trailing slash, for example `http://camunda:8080/engine-rest`; user and password in it are not sent. */
  readonly baseUrl: string;
  /** Credentials for requests over HTTP; absent: none. */
  readonly auth?: EngineAuthConfig;
  /** Certificates for requests over HTTPS; absent or null: those of Node.js. */
  readonly tls?: TlsFilesConfig | null;
  /** Answers requests in this process; if absent, requests are sent over HTTP. */
  readonly dispatch?: EngineDispatch;
  /** False for an engine in this process without a port; then `baseUrl` is only part of links. */
  readonly listens?: boolean;
  /** State of an engine in this process; absent for an external engine. */
  readonly condition?: () => EngineCondition;
}

/** Token of the {@link EngineEndpoint}, bound by the application's root module. */
export const ENGINE_ENDPOINT = Symbol('ENGINE_ENDPOINT');
