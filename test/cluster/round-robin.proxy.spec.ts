import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { eventually } from '../support/service.js';
import { type RoundRobin, startRoundRobin } from './round-robin.proxy.mjs';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An instance whose readiness and answers a test sets. */
class Instance {
  isReady = true;
  requests = 0;
  answer: Answer = (_request, response) => response.end(this.name);
  readonly sockets = new Set<Socket>();
  readonly server: Server;

  constructor(readonly name: string) {
    this.server = createServer((request, response) => {
      if (request.url === '/health/ready') {
        response.writeHead(this.isReady ? 200 : 503).end();
        return;
      }
      this.requests += 1;
      this.answer(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('the load balancer of the cluster run', () => {
  let a: Instance;
  let b: Instance;
  let proxy: RoundRobin;

  beforeEach(async () => {
    a = new Instance('a');
    b = new Instance('b');
    await Promise.all([a.listen(), b.listen()]);
  });

  afterEach(async () => {
    await proxy.close();
    await Promise.all([a.close(), b.close()]);
  });

  async function start(checkEveryMs = 10): Promise<void> {
    proxy = await startRoundRobin([a, b], { checkEveryMs });
    await eventually(
      () => Promise.resolve(proxy.ready.length),
      (count) => count === 2,
    );
  }

  it('spreads requests over the ready instances and names the instance in each response', async () => {
    await start();
    const names = [];
    for (let n = 0; n < 4; n += 1) {
      const response = await fetch(`${proxy.baseUrl}/x`);
      expect(response.headers.get('x-served-by')).toBe(await response.text());
      names.push(response.headers.get('x-served-by'));
    }
    expect(names.sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('passes on the method, path, body, status and headers, but not those of a connection', async () => {
    await start();
    const body = 'x'.repeat(300_000);
    a.answer = b.answer = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202, { connection: 'close', 'retry-after': '3' });
        response.end(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(chunks).length}`);
      });
    };
    const response = await fetch(`${proxy.baseUrl}/p?q=1`, { method: 'POST', body });
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(response.headers.get('connection')).toBe('keep-alive');
    expect(await response.text()).toBe('POST /p?q=1 300000');
  });

  it('sends nothing to an instance that is not ready, and again when it is', async () => {
    await start();
    a.isReady = false;
    await eventually(
      () => Promise.resolve(proxy.ready.join()),
      (ready) => ready === 'b',
    );
    for (let n = 0; n < 4; n += 1) expect(await (await fetch(proxy.baseUrl)).text()).toBe('b');
    a.isReady = true;
    await eventually(
      () => Promise.resolve(proxy.ready.length),
      (count) => count === 2,
    );
  });

  it('sends a request with its whole body to another instance if one refuses the connection', async () => {
    // Its checks do not notice the end of the instance.
    await start(3_600_000);
    await a.close();
    b.answer = (request, response) => request.pipe(response);
    for (let n = 0; n < 2; n += 1) {
      const response = await fetch(proxy.baseUrl, { method: 'POST', body: 'all of it' });
      expect(await response.text()).toBe('all of it');
    }
    expect(proxy.counts).toMatchObject({ refused: 1, broken: 0 });
  });

  it('repeats no request that an instance has received, and breaks the connection of its client', async () => {
    await start();
    a.answer = b.answer = (request) => request.socket.destroy();
    await expect(fetch(proxy.baseUrl)).rejects.toThrow();
    expect(a.requests + b.requests).toBe(1);
    expect(proxy.counts).toMatchObject({ refused: 0, broken: 1 });
  });

  it('breaks the connection of the client if a response ends in its middle', async () => {
    await start();
    a.answer = b.answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => request.socket.destroy());
    };
    await expect(fetch(proxy.baseUrl).then((response) => response.text())).rejects.toThrow();
  });

  it('closes the request to the instance if the client leaves', async () => {
    await start();
    const left = new AbortController();
    const closed = new Promise((resolve) => {
      a.answer = b.answer = (_request, response) => {
        response.on('close', resolve);
        left.abort();
      };
    });
    await expect(fetch(proxy.baseUrl, { signal: left.signal })).rejects.toThrow();
    await closed;
    expect(proxy.counts.broken).toBe(0);
  });

  it('responds with 503 without a ready instance', async () => {
    await start();
    a.isReady = b.isReady = false;
    await eventually(
      () => Promise.resolve(proxy.ready.length),
      (count) => count === 0,
    );
    expect((await fetch(proxy.baseUrl)).status).toBe(503);
    expect(proxy.counts.unavailable).toBe(1);
  });

  it('stops with open requests', async () => {
    await start();
    const reached = new Promise<void>((resolve) => {
      a.answer = b.answer = () => {
        resolve();
      };
    });
    const pending = fetch(proxy.baseUrl).then(
      () => 'answered',
      () => 'broken',
    );
    await reached;
    await proxy.close();
    expect(await pending).toBe('broken');
  });
});
