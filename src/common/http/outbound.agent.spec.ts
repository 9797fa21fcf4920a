import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../../config/index.js';
import { OutboundAgent } from './outbound.agent.js';

describe('OutboundAgent', () => {
  let target: Server;
  let proxy: Server;
  let agent: OutboundAgent;
  /** Targets and credentials of the CONNECT requests. */
  let tunnels: [string | undefined, string | undefined][];

  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  beforeEach(async () => {
    tunnels = [];
    target = createServer((request, response) => response.end(request.headers.host));
    proxy = createServer().on('connect', (request, socket) => {
      tunnels.push([request.url, request.headers['proxy-authorization']]);
      // The target answers for any host name.
      const upstream = connect(portOf(target), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await Promise.all([listen(target), listen(proxy)]);
  });

  afterEach(async () => {
    await agent.destroy();
    for (const server of [target, proxy]) {
      server.closeAllConnections();
      server.close();
    }
  });

  function agentOf(variables: Record<string, string>): void {
    const { maxConnections, proxies } = createConfiguration(variables).partners;
    agent = new OutboundAgent({ maxConnections, proxies, connectTimeoutMs: 10_000 });
  }

  async function get(origin: string): Promise<string> {
    const { body } = await agent.request({ origin, path: '/', method: 'GET' });
    return body.text();
  }

  it.each(['HTTP_PROXY', 'http_proxy'])(
    'goes through the proxy of %s, with its credentials',
    async (name) => {
      agentOf({ [name]: `http://me:p%40ss@127.0.0.1:${portOf(proxy)}` });
      expect(await get('http://partner.invalid:8080')).toBe('partner.invalid:8080');
      const credentials = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
      expect(tunnels).toEqual([['partner.invalid:8080', credentials]]);
    },
  );

  it('connects directly to this machine and to hosts of NO_PROXY', async () => {
    agentOf({ HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NO_PROXY: 'other.invalid, .near.invalid' });
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await get(`http://${host}:${portOf(target)}`)).toBe(`${host}:${portOf(target)}`);
    for (const host of ['other.invalid', 'a.near.invalid'])
      await expect(get(`http://${host}`)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    expect(tunnels).toEqual([]);
  });

  it('connects directly without a proxy', async () => {
    agentOf({});
    await expect(get('http://partner.invalid')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    expect(tunnels).toEqual([]);
  });
});
