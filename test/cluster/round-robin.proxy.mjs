// A small HTTP load balancer: round robin over the instances whose readiness probe is 200. It stands for the ingress of a
// cluster and is as strict as one: it repeats a request only if an instance refused the connection, so that every other
// broken connection reaches the client.
import { Agent, createServer, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** How often the readiness of each instance is checked, and how long a check may take, in ms. */
const CHECK_EVERY_MS = 200;
const CHECK_MS = 1_000;

/** Headers of one connection, which a proxy does not pass on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * Starts a load balancer on a free loopback port. Its responses have the header `x-served-by` with the name of the
 * instance; without a ready instance the response is 503.
 *
 * @param {readonly { name: string, url: string }[]} instances addresses that may be unused at times
 * @param {{ path?: string, checkEveryMs?: number }} options `path` of the readiness probe
 */
export async function startRoundRobin(instances, options = {}) {
  const { path = '/health/ready', checkEveryMs = CHECK_EVERY_MS } = options;
  const proxy = new RoundRobin(instances, path);
  await proxy.listen();
  proxy.watch(checkEveryMs);
  return proxy;
}

class RoundRobin {
  /** Requests by what became of them. */
  counts = { forwarded: 0, refused: 0, broken: 0, unavailable: 0 };
  baseUrl = '';
  next = 0;
  closed = new AbortController();

  constructor(instances, path) {
    this.path = path;
    this.instances = instances.map(({ name, url }) => ({ name, url: new URL(url), isReady: false }));
    this.agent = new Agent({ keepAlive: true });
    this.server = createServer((incoming, response) => this.forward(incoming, response, new Set()));
    // Longer than the clients keep an idle connection.
    this.server.keepAliveTimeout = 60_000;
  }

  /** The names of the instances that get requests. */
  get ready() {
    return this.instances.filter(({ isReady }) => isReady).map(({ name }) => name);
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${this.server.address().port}`;
  }

  watch(everyMs) {
    this.watches = this.instances.map(async (instance) => {
      while (!this.closed.signal.aborted) {
        instance.isReady = await this.check(instance);
        await delay(everyMs, undefined, { signal: this.closed.signal }).catch(() => undefined);
      }
    });
  }

  /** A check has its own connection, so that it cannot fail by a connection that an instance has just closed. */
  check({ url }) {
    return new Promise((resolve) => {
      const probe = httpRequest(
        { host: url.hostname, port: url.port, path: this.path, agent: false, signal: this.closed.signal },
        (reply) => {
          reply.resume();
          reply.on('close', () => resolve(reply.complete && reply.statusCode === 200));
        },
      );
      probe.setTimeout(CHECK_MS, () => probe.destroy());
      probe.on('error', () => resolve(false));
      probe.end();
    });
  }

  /** The next ready instance that has not refused this request. */
  pick(refused) {
    for (let tried = 0; tried < this.instances.length; tried += 1) {
      const instance = this.instances[this.next % this.instances.length];
      this.next += 1;
      if (instance.isReady && !refused.has(instance)) return instance;
    }
    return null;
  }

  forward(incoming, response, refused) {
    const instance = this.pick(refused);
    if (instance === null) {
      this.counts.unavailable += 1;
      incoming.resume();
      response
        .writeHead(503, { 'content-type': 'application/json' })
        .end('{"title":"No instance is ready."}');
      return;
    }
    const { url } = instance;
    const outgoing = httpRequest({
      agent: this.agent,
      host: url.hostname,
      port: url.port,
      method: incoming.method,
      path: incoming.url,
      headers: endToEnd(incoming.headers),
    });
    let isSent = false;
    const send = () => {
      isSent = true;
      incoming.pipe(outgoing);
    };
    // Not a byte of the request is read before there is a connection, so that another instance can take it.
    outgoing.on('socket', (socket) => (socket.connecting ? socket.once('connect', send) : send()));
    outgoing.on('response', (reply) => {
      this.counts.forwarded += 1;
      response.writeHead(reply.statusCode, { ...endToEnd(reply.headers), 'x-served-by': instance.name });
      reply.on('error', () => response.destroy());
      reply.pipe(response);
    });
    const cancel = () => outgoing.destroy();
    outgoing.on('error', (error) => {
      response.off('close', cancel);
      if (isSent || error.code !== 'ECONNREFUSED') {
        if (!response.closed) this.counts.broken += 1;
        response.destroy();
        return;
      }
      this.counts.refused += 1;
      instance.isReady = false;
      this.forward(incoming, response, refused.add(instance));
    });
    response.on('close', cancel);
  }

  async close() {
    this.closed.abort();
    await Promise.all(this.watches);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.agent.destroy();
  }
}

function endToEnd(headers) {
  const named = String(headers.connection ?? '')
    .toLowerCase()
    .split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name)),
  );
}
