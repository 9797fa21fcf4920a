import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type KeyPair, TestAuthority } from '../../test/support/certificates.js';
import { DIRECT, TlsFiles } from '../common/http/index.js';
import { Secret, type TlsFilesConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { EngineAccessMonitor } from './engine-access.monitor.js';
import type { EngineResponse } from './engine.transport.js';
import { createHttpTransport, HttpEngineTransport } from './http-engine.transport.js';

Logger.overrideLogger(false);

describe('HttpEngineTransport over TLS', () => {
  let authority: TestAuthority;
  let ofEngine: KeyPair;
  let ofClient: KeyPair;
  let next: KeyPair;
  let server: Server;
  let port: number;
  let folder: string;
  let shutdown: ShutdownService;
  /** Names in the client certificates of the requests. */
  let names: (string | undefined)[];

  beforeAll(async () => {
    authority = await TestAuthority.create();
    [ofEngine, ofClient, next] = await Promise.all([
      authority.issue('localhost'),
      authority.issue('fastify-camunda'),
      authority.issue('next'),
    ]);
  });

  async function serve(pair: KeyPair): Promise<void> {
    server = createServer(
      // Without TLS 1.3 a refused certificate is the answer to the handshake, and not to the first request.
      { ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
      (request, response) => {
        const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
        names.push(String(CN));
        request.resume().on('end', () => response.setHeader('connection', 'close').end('{}'));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  }

  beforeEach(async () => {
    names = [];
    folder = mkdtempSync(join(tmpdir(), 'tls-'));
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    await serve(ofEngine);
  });

  afterEach(async () => {
    await shutdown.stop();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Replaces a file as editors and Kubernetes do, by a rename. */
  function put(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  const filesOf = ({ cert, key }: KeyPair, ca = authority.cert): TlsFilesConfig => ({
    caFile: put('ca.pem', ca),
    certFile: put('cert.pem', cert),
    keyFile: put('key.pem', key),
    passphrase: null,
  });

  const get = (transport: HttpEngineTransport): Promise<EngineResponse> =>
    transport.send({ method: 'GET', path: '/version', timeoutMs: 30_000 });

  const transportOf = (files: TlsFilesConfig, host = 'localhost'): HttpEngineTransport =>
    createHttpTransport(
      { baseUrl: `https://${host}:${port}`, tls: files },
      shutdown,
      new EngineAccessMonitor(),
      { maxConnections: 4, proxies: DIRECT },
    );

  const withoutCertificate = (): HttpEngineTransport => {
    const tls = new TlsFiles({
      caFile: put('ca.pem', authority.cert),
      certFile: null,
      keyFile: null,
      passphrase: null,
    });
    return new HttpEngineTransport({ baseUrl: `https://localhost:${port}` }, shutdown, { tls });
  };

  it('shows its certificate and trusts the CA of the file', async () => {
    expect((await get(transportOf(filesOf(ofClient)))).status).toBe(200);
    expect(names).toEqual(['fastify-camunda']);
  });

  it('trusts only the CA of the file, and names its variable', async () => {
    const stranger = await TestAuthority.create('stranger');
    await expect(get(transportOf(filesOf(ofClient, stranger.cert)))).rejects.toThrow(
      /no secure connection \(.*\): set CAMUNDA_TLS_CA_FILE/,
    );
    expect(names).toEqual([]);
  });

  it('checks the host name', async () => {
    await expect(get(transportOf(filesOf(ofClient), '127.0.0.1'))).rejects.toThrow(
      'no secure connection (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
    expect(names).toEqual([]);
  });

  it('reports that the engine wants a client certificate', async () => {
    await expect(get(withoutCertificate())).rejects.toMatchObject({
      name: expect.stringMatching(/^Engine(Misconfigured|Ambiguous)Error$/) as unknown,
    });
    expect(names).toEqual([]);
  });

  it('uses replaced files for new connections, and keeps the old ones while they do not fit', async () => {
    const files = filesOf(ofClient);
    const faults: unknown[] = [];
    const tls = new TlsFiles(files, { lookMs: 0, onFault: (error) => faults.push(error) });
    const transport = new HttpEngineTransport({ baseUrl: `https://localhost:${port}` }, shutdown, { tls });
    await get(transport);
    put('cert.pem', next.cert);
    await get(transport);
    await get(transport);
    expect([names, faults.length]).toEqual([['fastify-camunda', 'fastify-camunda', 'fastify-camunda'], 1]);
    put('key.pem', next.key);
    await get(transport);
    rmSync(join(folder, 'key.pem'));
    await get(transport);
    expect([names.slice(3), faults.length]).toEqual([['next', 'next'], 2]);
  });

  it('reads the passphrase again with the key', async () => {
    const files = { ...filesOf(ofClient), passphrase: new Secret('not needed') };
    expect((await get(transportOf(files))).status).toBe(200);
  });
});
