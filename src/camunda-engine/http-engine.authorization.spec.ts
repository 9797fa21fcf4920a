import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DIRECT } from '../common/http/index.js';
import { until } from '../common/testing/until.js';
import { type EngineAuthConfig, Secret } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { EngineAccessMonitor } from './engine-access.monitor.js';
import { EngineMisconfiguredError, EngineUnreachableError } from './engine.errors.js';
import type { EngineResponse } from './engine.transport.js';
import { createHttpTransport, type HttpEngineTransport } from './http-engine.transport.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const send = (response: ServerResponse, status: number, body: unknown = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** Listens on a free loopback port. */
async function listen(handle: Handler): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      handle(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the credentials of HttpEngineTransport', () => {
  let engine: Server;
  let idp: Server;
  let urls: { engine: string; idp: string };
  /** The header of each request to the engine. */
  let seen: string[];
  let accepts: (authorization: string) => boolean;
  let issue: Handler;
  let issued: number;
  let shutdown: ShutdownService;
  let access: EngineAccessMonitor;
  let folder: string;
  let lines: string;

  beforeEach(async () => {
    seen = [];
    issued = 0;
    lines = '';
    accepts = () => true;
    issue = (_, response) => {
      issued += 1;
      send(response, 200, { access_token: `secret-${issued}`, token_type: 'Bearer', expires_in: 300 });
    };
    for (const level of ['error', 'log', 'warn', 'debug'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => {
        lines += `${inspect(line)}\n`;
      });
    }
    const ofEngine = await listen(({ headers: { authorization = '' } }, response) => {
      seen.push(authorization);
      send(response, accepts(authorization) ? 200 : 401);
    });
    const ofIdp = await listen((request, response) => {
      issue(request, response);
    });
    [engine, idp] = [ofEngine.server, ofIdp.server];
    urls = { engine: ofEngine.url, idp: ofIdp.url };
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  });

  afterEach(async () => {
    await shutdown.stop();
    for (const server of [engine, idp]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
    jest.restoreAllMocks();
    expect(lines).not.toMatch(/secret|hunter2/);
  });

  function transportOf(auth: EngineAuthConfig): HttpEngineTransport {
    access = new EngineAccessMonitor({ auth });
    const endpoint = { baseUrl: `${urls.engine}/engine-rest`, auth };
    return createHttpTransport(endpoint, shutdown, access, { maxConnections: 10, proxies: DIRECT });
  }

  const oauth = (): HttpEngineTransport =>
    transportOf({
      mode: 'oauth2',
      tokenUrl: `${urls.idp}/token`,
      clientId: 'api',
      clientSecret: new Secret('hunter2'),
      clientAuth: 'basic',
      scope: null,
      audience: null,
    });

  const start = (transport: HttpEngineTransport, timeoutMs = 30_000): Promise<EngineResponse> =>
    transport.send({ method: 'POST', path: '/process-definition/key/a/start', json: {}, timeoutMs });

  async function errorOf(answer: Promise<unknown>): Promise<Error> {
    const error = await answer.then(
      () => {
        throw new Error('did not fail');
      },
      (thrown: unknown) => thrown as Error,
    );
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret|hunter2/);
    return error;
  }

  it('are sent with every kind of call', async () => {
    const transport = oauth();
    await start(transport);
    await transport.send({ method: 'GET', path: '/version', timeoutMs: 30_000 });
    await transport.send({
      method: 'POST',
      path: '/deployment/create',
      multipart: [{ name: 'a', content: 'b' }],
      timeoutMs: 30_000,
    });
    expect([seen, issued]).toEqual([['Bearer secret-1', 'Bearer secret-1', 'Bearer secret-1'], 1]);
  });

  it('of basic authentication are sent in UTF-8', async () => {
    await start(
      transportOf({ mode: 'basic', username: 'mé', password: new Secret('hunter2:ä'), inUrl: false }),
    );
    expect(seen).toEqual([`Basic ${Buffer.from('mé:hunter2:ä').toString('base64')}`]);
  });

  it('that are refused are replaced once, and the call is sent once more', async () => {
    const transport = oauth();
    await start(transport);
    accepts = (header) => header !== 'Bearer secret-1';
    expect((await start(transport)).status).toBe(200);
    expect(seen).toEqual(['Bearer secret-1', 'Bearer secret-1', 'Bearer secret-2']);
    expect(access.state.status).toBe('granted');
  });

  it('are replaced by one request for calls that are refused at the same time', async () => {
    const transport = oauth();
    await start(transport);
    accepts = (header) => header !== 'Bearer secret-1';
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(transport)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(issued).toBe(2);
    expect(seen.filter((header) => header === 'Bearer secret-2')).toHaveLength(20);
  });

  it('that are all refused make two requests of the first call, then one of each', async () => {
    accepts = () => false;
    const transport = oauth();
    for (let call = 0; call < 3; call += 1) expect((await start(transport)).status).toBe(401);
    expect(seen).toEqual(['Bearer secret-1', 'Bearer secret-2', 'Bearer secret-2', 'Bearer secret-2']);
    expect(access.state).toMatchObject({
      status: 'refused',
      message: expect.stringMatching(/CAMUNDA_TOKEN_SCOPE/) as unknown,
    });
  });

  it('that the token endpoint refuses send nothing to the engine, and name the variables', async () => {
    issue = (_, response) => {
      send(response, 401, { error: 'invalid_client', error_description: 'no hunter2' });
    };
    const transport = oauth();
    const error = await errorOf(start(transport));
    expect(error).toBeInstanceOf(EngineMisconfiguredError);
    expect(error.message).toContain('(the token endpoint: it answers 401 invalid_client)');
    expect(seen).toEqual([]);
    expect(access.state).toMatchObject({
      status: 'refused',
      message: expect.stringMatching(/invalid_client.*CAMUNDA_CLIENT_ID, CAMUNDA_CLIENT_SECRET/) as unknown,
    });
    await errorOf(start(transport));
    expect(lines.match(/invalid_client/g)).toHaveLength(1);
    expect(lines).toContain("description: 'no ***'");
  });

  it('that cannot be obtained now mean that nothing was sent', async () => {
    idp.closeAllConnections();
    await new Promise((resolve) => idp.close(resolve));
    const transport = oauth();
    expect(await errorOf(start(transport))).toBeInstanceOf(EngineUnreachableError);
    expect(access.state).toMatchObject({
      status: 'partial',
      message: expect.stringMatching(/CAMUNDA_TOKEN_URL/) as unknown,
    });
    expect(seen).toEqual([]);
  });

  it('that come too late for a call mean that nothing was sent, and are there for the next', async () => {
    const held: ServerResponse[] = [];
    const answers = issue;
    issue = (request, response) => {
      held.push(response);
      if (held.length > 1) answers(request, response);
    };
    const transport = oauth();
    expect(await errorOf(start(transport, 50))).toBeInstanceOf(EngineUnreachableError);
    const caller = new AbortController();
    const aborted = transport.send({ method: 'GET', path: '/x', timeoutMs: 30_000, signal: caller.signal });
    caller.abort();
    expect(await errorOf(aborted)).toBeInstanceOf(EngineUnreachableError);
    const waiting = start(transport);
    await until(() => held.length > 0);
    send(held[0]!, 200, { access_token: 'secret-late', token_type: 'Bearer' });
    expect((await waiting).status).toBe(200);
    expect([seen, held.length]).toEqual([['Bearer secret-late'], 1]);
  });

  it('that cannot be replaced after a 401 mean that the call was not executed', async () => {
    const transport = oauth();
    await start(transport);
    accepts = () => false;
    issue = (_, response) => {
      send(response, 503);
    };
    expect(await errorOf(start(transport))).toBeInstanceOf(EngineUnreachableError);
    expect(seen).toHaveLength(2);
  });

  it.each(['bearer', 'basic'] as const)(
    'of %s in a file are read again after a 401, and only one that changed is sent again',
    async (mode) => {
      const file = join(folder, 'credentials');
      writeFileSync(file, 'secret-1\n');
      const secret = new Secret('secret-1', file);
      const transport = transportOf(
        mode === 'bearer'
          ? { mode, token: secret }
          : { mode, username: 'me', password: secret, inUrl: false },
      );
      await start(transport);
      const [first = ''] = seen;
      accepts = (header) => header !== first;
      expect([(await start(transport)).status, seen.length]).toEqual([401, 2]);
      writeFileSync(file, 'secret-2\n');
      expect([(await start(transport)).status, seen.length]).toEqual([200, 4]);
      expect((await start(transport)).status).toBe(200);
      expect([seen.length, seen.at(-1) === first]).toEqual([5, false]);
    },
  );

  it('keep a token whose file now holds something that is not a token', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'two words\n');
    const transport = transportOf({ mode: 'bearer', token: new Secret('secret-1', file) });
    accepts = () => false;
    expect((await start(transport)).status).toBe(401);
    expect(seen).toEqual(['Bearer secret-1']);
  });
});
