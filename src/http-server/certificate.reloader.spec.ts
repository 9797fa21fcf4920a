import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { makeCertificate, type TestCertificate } from '../../test/support/certificate.js';
import { until } from '../common/testing/until.js';
import type { ServerTlsConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { CertificateReloader, readPair } from './certificate.reloader.js';

const EVERY_MS = 10;

describe('CertificateReloader', () => {
  let first: TestCertificate;
  let second: TestCertificate;
  let folder: string;
  let tls: ServerTlsConfig;
  let server: Server;
  let shutdown: ShutdownService;
  let warned: unknown[];
  let logged: unknown[];

  beforeAll(async () => {
    first = await makeCertificate();
    second = await makeCertificate();
  });

  beforeEach(() => {
    warned = [];
    logged = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line) => void warned.push(line));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line) => void logged.push(line));
    folder = mkdtempSync(join(tmpdir(), 'certificate-'));
    tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key'), minVersion: 'TLSv1.2' };
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
  });

  afterEach(async () => {
    await shutdown.stop();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
    jest.restoreAllMocks();
  });

  function write({ pem, key }: TestCertificate, into = folder): void {
    writeFileSync(join(into, 'tls.crt'), pem);
    writeFileSync(join(into, 'tls.key'), key);
  }

  /** Boots a server with the pair in the files. */
  async function serve(): Promise<CertificateReloader> {
    const pair = readPair(tls);
    server = createServer({ ...pair, minVersion: tls.minVersion }, (_request, response) =>
      response.end('ok'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CertificateReloader(server, tls, pair, shutdown, EVERY_MS);
  }

  async function open(): Promise<TLSSocket> {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return socket;
  }

  /** The certificate that a new connection gets. */
  async function served(): Promise<'first' | 'second'> {
    const socket = await open();
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
    socket.destroy();
    return fingerprint === new X509Certificate(first.pem).fingerprint256 ? 'first' : 'second';
  }

  it('uses files that are written over, and keeps open connections', async () => {
    write(first);
    (await serve()).start();
    const old = await open();
    write(second);
    await until(async () => (await served()) === 'second');
    old.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = (await once(old, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
    old.destroy();
    expect(warned).toEqual([]);
    expect(logged).toEqual([
      expect.objectContaining({
        msg: 'New connections use the renewed TLS certificate.',
        fingerprint: new X509Certificate(second.pem).fingerprint256,
      }),
    ]);
  });

  it('uses files that are replaced by a rename', async () => {
    write(first);
    (await serve()).start();
    for (const [name, text] of [
      ['tls.crt', second.pem],
      ['tls.key', second.key],
    ] as const) {
      writeFileSync(join(folder, `${name}.new`), text);
      renameSync(join(folder, `${name}.new`), join(folder, name));
    }
    await until(async () => (await served()) === 'second');
  });

  it('uses files whose folder is replaced by a link, as Kubernetes does it', async () => {
    for (const [version, certificate] of [
      ['..1', first],
      ['..2', second],
    ] as const) {
      mkdirSync(join(folder, version));
      write(certificate, join(folder, version));
    }
    symlinkSync('..1', join(folder, '..data'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
    (await serve()).start();
    expect(await served()).toBe('first');
    symlinkSync('..2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await until(async () => (await served()) === 'second');
    expect(warned).toEqual([]);
  });

  it('keeps the old pair with one line while the new one is incomplete, then uses it', async () => {
    write(first);
    const reloader = await serve();
    reloader.start();
    writeFileSync(tls.certFile, second.pem);
    await until(() => warned.length > 0);
    // Further rounds; the fault is the same.
    for (let round = 0; round < 5; round += 1) {
      await expect(reloader.reload()).rejects.toThrow('TLS_KEY_FILE is not the key');
    }
    expect(await served()).toBe('first');
    expect(warned).toEqual([
      {
        msg: 'The reload of the TLS certificate failed; it is tried again.',
        err: expect.objectContaining({ message: expect.stringContaining('TLS_KEY_FILE is not the key') }),
      },
    ]);
    writeFileSync(tls.keyFile, second.key);
    await until(async () => (await served()) === 'second');
    expect(warned).toHaveLength(1);
  });

  it('keeps the pair while the files are gone, and continues when they are back', async () => {
    write(first);
    (await serve()).start();
    unlinkSync(tls.certFile);
    await until(() => warned.length > 0);
    expect(await served()).toBe('first');
    write(second);
    await until(async () => (await served()) === 'second');
    expect(warned).toHaveLength(1);
  });

  it('uses a pair only if two readings in succession are equal', async () => {
    write(first);
    const reloader = await serve();
    write(second);
    await reloader.reload();
    expect(await served()).toBe('first');
    write(first);
    await reloader.reload();
    write(second);
    await reloader.reload();
    expect(await served()).toBe('first');
    await reloader.reload();
    expect(await served()).toBe('second');
  });

  it('warns of a certificate that is not valid now', async () => {
    write(await makeCertificate({ notBeforeDate: new Date(0), notAfterDate: new Date(86_400_000) }));
    await serve();
    expect(warned).toEqual([expect.stringMatching(/^The certificate in TLS_CERT_FILE expired at Jan\s+2 /)]);
  });
});

describe('a boot', () => {
  it('names the variable of a file that cannot be read', () => {
    expect(() =>
      readPair({ certFile: '/nowhere/tls.crt', keyFile: '/nowhere/tls.key', minVersion: 'TLSv1.2' }),
    ).toThrow('TLS_CERT_FILE must be a file that this user can read; /nowhere/tls.crt is not.');
  });
});
