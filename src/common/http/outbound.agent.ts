import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { ProxyConfig } from '../../config/index.js';
import { connectionLimit } from './connection-limit.js';

/** Options of outside connections. */
export interface OutboundOptions {
  /** Most open connections to one host. */
  readonly maxConnections: number;
  /** Timeout of the connection in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly proxies: ProxyConfig;
}

/** No proxy. */
export const DIRECT: ProxyConfig = { http: null, https: null, except: null };

/**
 * Keep-alive connections to outside hosts, through the proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` if set.
 * Loopback addresses are always connected directly.
 */
export class OutboundAgent {
  private readonly direct: Agent;
  private readonly proxied: EnvHttpProxyAgent | null;

  constructor({ maxConnections, connectTimeoutMs, proxies }: OutboundOptions) {
    const options = {
      connections: connectionLimit(maxConnections),
      connect: { timeout: connectTimeoutMs },
      // Each request has a limit of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.direct = new Agent(options);
    const { http, https, except } = proxies;
    this.proxied =
      http === null && https === null
        ? null
        : // Empty strings, because undici reads absent options from the environment.
          new EnvHttpProxyAgent({
            ...options,
            httpProxy: http ?? '',
            httpsProxy: https ?? '',
            noProxy: except ?? '',
          });
  }

  get destroyed(): boolean {
    return this.direct.destroyed;
  }

  /** @param options with `origin` and `path` */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const { proxied } = this;
    const agent = proxied === null || isLoopback(String(options.origin)) ? this.direct : proxied;
    return agent.request(options);
  }

  /** Closes all connections and aborts calls that still run. */
  async destroy(): Promise<void> {
    await Promise.all([this.direct.destroy(), this.proxied?.destroy()]);
  }
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
