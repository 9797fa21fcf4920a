/** A host and a port. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, from a URL. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** True: TLS to every node, also to the Sentinels. */
  readonly tls: boolean;
  /** The server, the Sentinels, or nodes of the cluster. */
  readonly nodes: readonly RedisNode[];
  /** User of an ACL; null: the default user. */
  readonly username: string | null;
  readonly password: string | null;
  /** Name of the master; empty unless the kind is `sentinel`. */
  readonly master: string;
  readonly database: number;
  /** Credentials for the Sentinels; null: none. */
  readonly sentinelUsername: string | null;
  readonly sentinelPassword: string | null;
}

/** What a URL of Redis must look like, as the end of a sentence that begins with the name of its variable. */
export const REDIS_URL_FORM =
  'must be a redis:// or rediss:// URL, or redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379 (rediss+… with TLS), with percent-encoded user and password';

const PARTS =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/;

const DEFAULT_PORTS = { single: 6_379, cluster: 6_379, sentinel: 26_379 } as const;

/**
 * Parses `redis[s]://[user:password@]host[:port][/database]`, `redis[s]+sentinel://…@host,host/master[/database]` with
 * `?sentinelUsername=…&sentinelPassword=…`, or `redis[s]+cluster://…@host,host`.
 *
 * @returns null if the text has none of these forms
 */
export function parseRedisUrl(text: string): RedisAddress | null {
  const [, scheme, mode, userInfo, hosts = '', path = '', query = ''] = PARTS.exec(text.trim()) ?? [];
  if (scheme === undefined) return null;
  const kind = (mode ?? 'single') as RedisAddress['kind'];
  const nodes = hosts.split(',').map((host) => nodeOf(host, DEFAULT_PORTS[kind]));
  const segments = path === '' ? [] : path.split('/');
  const master = kind === 'sentinel' ? segments.shift() : '';
  const database = databaseOf(segments);
  const credentials = credentialsOf(userInfo);
  const ofSentinels = new URLSearchParams(kind === 'sentinel' ? query : '');
  if (nodes.includes(null) || database === null || credentials === null) return null;
  if (master === undefined || (kind === 'sentinel' && master === '')) return null;
  if ((kind === 'single' && nodes.length > 1) || (kind === 'cluster' && database !== 0)) return null;
  return {
    kind,
    tls: scheme === 'rediss',
    nodes: nodes as RedisNode[],
    ...credentials,
    master: decoded(master) ?? master,
    database,
    sentinelUsername: ofSentinels.get('sentinelUsername'),
    sentinelPassword: ofSentinels.get('sentinelPassword'),
  };
}

/** `host`, `host:port` or `[address]:port`; null for anything else. */
function nodeOf(text: string, defaultPort: number): RedisNode | null {
  const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  const number = port === undefined ? defaultPort : Number(port);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

function databaseOf([text = '0', ...more]: readonly string[]): number | null {
  return more.length === 0 && /^\d{0,5}$/.test(text) ? Number(text) : null;
}

/** `user:password`, `:password`, or nothing; null if the percent-encoding is invalid. */
function credentialsOf(userInfo = ''): Pick<RedisAddress, 'username' | 'password'> | null {
  const colon = userInfo.indexOf(':');
  const username = decoded(colon < 0 ? userInfo : userInfo.slice(0, colon));
  const password = decoded(colon < 0 ? '' : userInfo.slice(colon + 1));
  if (username === null || password === null) return null;
  return { username: username === '' ? null : username, password: password === '' ? null : password };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
