import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { ProxyConfig } from '../../config/index.js';
import { connectionLimit } from './connection-limit.js';
import type { TlsFiles } from './tls.files.js';

/** Options of outside connections. */
export interface OutboundOptions {
  /** Most open connections to one host. */
  readonly maxConnections: number;
  /** Timeout of the connection in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly proxies: ProxyConfig;
  /** Certificates for `https:` hosts; absent: those of Node.js, and no client certificate. */
  readonly tls?: TlsFiles | undefined;
}

/** No proxy. */
export const DIRECT: ProxyConfig = { http: null, https: null, except: null };

/**
 * Keep-alive connections to outside hosts, through the proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` if set.
 * Loopback addresses are always connected directly. No redirect is followed.
 */
export class OutboundAgent {
  private direct: Agent;
  private proxied: EnvHttpProxyAgent | null;
  /** Agents with certificates that were replaced, until their last call ends. */
  private readonly retired = new Set<Dispatcher>();
  private isDestroyed = false;

  constructor(private readonly options: OutboundOptions) {
    this.direct = directAgent(options);
    this.proxied = proxiedAgent(options);
  }

  get destroyed(): boolean {
    return this.isDestroyed;
  }

  /** @param options with `origin` and `path` */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    if (this.options.tls?.refresh() === true) this.renew();
    const { proxied } = this;
    const agent = proxied === null || isLoopback(String(options.origin)) ? this.direct : proxied;
    return agent.request(options);
  }

  /** Closes all connections and aborts calls that still run. */
  async destroy(): Promise<void> {
    this.isDestroyed = true;
    const agents = [this.direct, this.proxied, ...this.retired].filter((agent) => agent !== null);
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  /** New calls use connections with the new certificates; running calls end on theirs. */
  private renew(): void {
    if (this.isDestroyed) return;
    const old = [this.direct, this.proxied];
    this.direct = directAgent(this.options);
    this.proxied = proxiedAgent(this.options);
    for (const agent of old) {
      if (agent === null) continue;
      this.retired.add(agent);
      const forget = (): void => void this.retired.delete(agent);
      agent.close().then(forget, forget);
    }
  }
}

function agentOptions({ maxConnections, connectTimeoutMs, tls }: OutboundOptions) {
  return {
    connections: connectionLimit(maxConnections),
    connect: { ...tls?.current, timeout: connectTimeoutMs },
    // Each request has a limit of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function directAgent(options: OutboundOptions): Agent {
  return new Agent(agentOptions(options));
}

function proxiedAgent(options: OutboundOptions): EnvHttpProxyAgent | null {
  const { http, https, except } = options.proxies;
  if (http === null && https === null) return null;
  return new EnvHttpProxyAgent({
    ...agentOptions(options),
    // The connection through the tunnel.
    ...(options.tls === undefined ? {} : { requestTls: { ...options.tls.current } }),
    // Empty strings, because undici reads absent options from the environment.
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: except ?? '',
  });
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
