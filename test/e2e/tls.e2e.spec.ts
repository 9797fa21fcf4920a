import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp } from '../../src/app.factory.js';
import { createConfiguration } from '../../src/config/index.js';
import { WaitroomService } from '../../src/waitroom/index.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { makeCertificate, type TestCertificate } from '../support/certificate.js';
import { eventually, RunningService } from '../support/service.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

let folder: string;
let certificate: TestCertificate;

beforeAll(async () => {
  certificate = await makeCertificate();
  folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-tls-'));
  writeFileSync(join(folder, 'tls.crt'), certificate.pem);
  writeFileSync(join(folder, 'tls.key'), certificate.key);
  // The contract of the run is read without TLS.
  await (await RunningService.start()).destroy();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const files = (): Record<string, string> => ({
  TLS_CERT_FILE: join(folder, 'tls.crt'),
  TLS_KEY_FILE: join(folder, 'tls.key'),
});

describe('a service with a certificate', () => {
  let service: RunningService;
  let release: () => void;

  beforeAll(async () => {
    const { process, witness } = parcelProcess();
    release = () => {
      witness.release();
    };
    service = await RunningService.start({ ...files(), HTTP_WRITE_TIMEOUT_MS: '1000' }, [process]);
  });

  afterAll(async () => {
    release();
    await service.destroy();
  });

  const port = (): number => Number(new URL(service.baseUrl).port);

  function send(method: string, path: string, body?: object): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      request(
        `${service.baseUrl}${path}`,
        { method, headers, ca: certificate.pem, agent: false },
        (response) => {
          let received = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: received });
          });
        },
      )
        .on('error', reject)
        .end(text);
    });
  }

  async function open(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ port: port(), host: '127.0.0.1', ca: certificate.pem, ...options });
    await once(socket, 'secureConnect');
    return socket.on('error', () => undefined);
  }

  it('serves HTTPS under an https URL, and asks browsers to use only that', async () => {
    expect(service.baseUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { status, headers } = await send('GET', '/health/live');
    expect([status, headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
  });

  it('starts a process and streams its events', async () => {
    const start = { processKey: 'parcel', correlationId: 'secure', variables: { mode: 'hold' } };
    const waiting = send('POST', '/api/process/start', start);
    await eventually(
      () => service.app.get(WaitroomService, { strict: false }).size,
      (size) => size === 1,
    );
    const socket = await open();
    let streamed = '';
    socket.on('data', (chunk: Buffer) => (streamed += chunk.toString()));
    socket.write('GET /api/process/events/secure HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
    await eventually(
      () => streamed.includes('retry: '),
      (isOpen) => isOpen,
    );
    release();
    expect((await waiting).status).toBe(200);
    await eventually(
      () => streamed.includes('event: end'),
      (isOver) => isOver,
    );
    socket.destroy();
  });

  it('speaks HTTP/1.1 only', async () => {
    const socket = await open({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(open({ ALPNProtocols: ['h2'] })).rejects.toThrow(/alert|no application protocol/i);
  });

  it('closes the connection of a client without TLS, and serves the next one', async () => {
    const socket = connectPlain(port(), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'close');
    expect((await send('GET', '/health/live')).status).toBe(200);
  });

  it('lets a client read a 413 while it still sends its body', async () => {
    const length = 8 * 1_048_576;
    const socket = await open();
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.write(
      `POST /api/process/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    );
    for (let sent = 0; sent < length && !socket.destroyed; sent += 65_536) {
      if (!socket.write(Buffer.alloc(65_536))) {
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      }
    }
    await eventually(
      () => received,
      (text) => text.includes('body-too-large'),
    );
    socket.destroy();
  });

  it('cuts a client that does not read, with its bytes in view', async () => {
    const data = 'x'.repeat(1_000_000);
    const status = { correlationId: 'large', status: 'ok', data };
    expect((await send('POST', '/api/process/complete', status)).status).toBe(200);
    const socket = await open();
    socket.pause();
    // More than the buffers of the system hold.
    socket.write('GET /api/process/status/large HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(18));
    const server = service.app.getHttpServer();
    const connections = (): Promise<number> =>
      new Promise((resolve) => {
        server.getConnections((_error: Error | null, count: number) => {
          resolve(count);
        });
      });
    await eventually(connections, (count) => count === 0);
    socket.destroy();
  });

  it('stops although a client never ends its handshake', async () => {
    const socket = connectPlain(port(), '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.on('error', () => undefined).resume();
    const { process } = parcelProcess();
    await service.stop();
    await closed;
    service = await RunningService.start({ ...files(), DATA_DIR: service.dataDir }, [process]);
  });

  it('gives new connections the certificate of renewed files', async () => {
    const renewed = await makeCertificate();
    writeFileSync(join(folder, 'tls.crt'), renewed.pem);
    writeFileSync(join(folder, 'tls.key'), renewed.key);
    await eventually(
      () =>
        open({ ca: renewed.pem })
          .then((socket) => socket.destroy())
          .then(
            () => true,
            () => false,
          ),
      (isTrusted) => isTrusted,
    );
  });
});

describe('TLS_MIN_VERSION', () => {
  it.each([
    ['1.2', true],
    ['1.3', false],
  ])('%s accepts TLS 1.2: %p, and refuses older versions', async (TLS_MIN_VERSION, accepts) => {
    const service = await RunningService.start({ ...files(), TLS_MIN_VERSION });
    const versions = async (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> => {
      const socket = connect({
        port: Number(new URL(service.baseUrl).port),
        host: '127.0.0.1',
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
        // OpenSSL itself refuses TLS 1.1 at its usual level.
        ciphers: 'DEFAULT:@SECLEVEL=0',
      });
      return once(socket, 'secureConnect')
        .then(
          () => true,
          () => false,
        )
        .finally(() => socket.destroy());
    };
    try {
      expect(await versions('TLSv1.1')).toBe(false);
      expect(await versions('TLSv1.2')).toBe(accepts);
      expect(await versions('TLSv1.3')).toBe(true);
    } finally {
      await service.destroy();
    }
  });
});

describe('a certificate that cannot be used', () => {
  it('stops the boot with a sentence that names the variable', async () => {
    const other = await makeCertificate();
    writeFileSync(join(folder, 'other.key'), other.key);
    const configuration = createConfiguration({ ...files(), TLS_KEY_FILE: join(folder, 'other.key') });
    await expect(createApp(configuration)).rejects.toThrow(
      /^TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE/,
    );
  });
});
