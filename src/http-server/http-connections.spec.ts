import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openRequestOf } from '../common/connections/index.js';
import { until } from '../common/testing/until.js';
import { HttpConnections } from './http-connections.js';

const WRITE_TIMEOUT_MS = 30_000;
const MAX = 4;

/** Far more than the buffers of two sockets hold. */
const CHUNK = Buffer.alloc(64 * 1_024);
const CHUNKS = 640;
const LENGTH = CHUNK.length * CHUNKS;

describe('HttpConnections', () => {
  let server: Server;
  let connections: HttpConnections;
  let cut: { readonly remoteAddress: string; readonly pendingBytes: number }[];
  let full: { readonly connections: number; readonly heaviestClient: string }[];
  let answers: ServerResponse[];
  let client: Socket;
  let received: number;

  beforeEach(async () => {
    // Sockets use the real clock, the checks of connections a fake one.
    jest.useFakeTimers({
      doNotFake: [
        'nextTick',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
        'queueMicrotask',
      ],
    });
    cut = [];
    full = [];
    answers = [];
    received = 0;
    server = createServer((request, response) => {
      openRequestOf(request, response);
      answers.push(response);
      if (request.url !== '/large') return;
      response.setHeader('content-length', LENGTH);
      Readable.from(chunks()).pipe(response);
    });
    const limits = { writeTimeoutMs: WRITE_TIMEOUT_MS, max: MAX };
    connections = new HttpConnections(server, limits, {
      onCut: (facts) => cut.push(facts),
      onFull: (facts) => full.push(facts),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    await once(client, 'connect');
  });

  afterEach(async () => {
    client.destroy();
    await connections.close(AbortSignal.abort());
    jest.useRealTimers();
  });

  function* chunks(): Generator<Buffer> {
    for (let sent = 0; sent < CHUNKS; sent += 1) yield CHUNK;
  }

  function ask(path: string): void {
    client.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  }

  /** Requests the large answer without reading it, and waits until the buffers of the sockets are full. */
  async function stall(): Promise<void> {
    client.pause();
    ask('/large');
    await until(() => (answers[0]?.socket?.writableLength ?? 0) > 0);
    for (let before = -1, now = taken(); before !== now; before = now, now = taken()) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const taken = (): number =>
    (answers[0]?.socket?.bytesWritten ?? 0) - (answers[0]?.socket?.writableLength ?? 0);

  function read(): void {
    client.on('data', (chunk: Buffer) => (received += chunk.length));
    client.resume();
  }

  it('closes the connection of a client that does not read its answer within the timeout', async () => {
    await stall();
    jest.advanceTimersByTime(2_000);
    expect(cut).toEqual([]);
    jest.advanceTimersByTime(WRITE_TIMEOUT_MS);
    expect(cut).toEqual([{ remoteAddress: '127.0.0.1', pendingBytes: expect.any(Number) }]);
    read();
    await once(client, 'close');
    expect(received).toBeLessThan(LENGTH);
  });

  it('keeps the connection of a client that reads slowly', async () => {
    await stall();
    const before = taken();
    jest.advanceTimersByTime(WRITE_TIMEOUT_MS - 2_000);
    read();
    await until(() => taken() > before);
    jest.advanceTimersByTime(WRITE_TIMEOUT_MS - 2_000);
    expect(cut).toEqual([]);
    await until(() => received > LENGTH);
  });

  it('keeps the connection of a client whose answer has not begun', async () => {
    ask('/held');
    await until(() => answers.length === 1);
    jest.advanceTimersByTime(WRITE_TIMEOUT_MS * 10);
    expect(cut).toEqual([]);
    read();
    answers[0]?.end('late');
    await until(() => received > 0);
  });

  async function open(localAddress: string): Promise<Socket> {
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      localAddress,
    });
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    return socket;
  }

  const openConnections = (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });

  it('replaces the oldest idle connection of the client with the most connections', async () => {
    const others = [await open('127.0.0.2'), await open('127.0.0.2'), await open('127.0.0.2')];
    const late = await open('127.0.0.3');
    await until(() => others[0]?.closed === true);
    late.write('GET /held HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => answers.length === 1);
    expect([client, ...others, late].map(({ closed }) => closed)).toEqual([false, true, false, false, false]);
    expect(full).toEqual([{ connections: MAX, heaviestClient: '127.0.0.2' }]);
    for (const socket of [...others, late]) socket.destroy();
  });

  it('replaces none that has a request, and closes the new one if all have one', async () => {
    const busy = [client, await open('127.0.0.2'), await open('127.0.0.2')];
    for (const socket of busy) socket.write('GET /held HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => answers.length === 3);
    const idle = await open('127.0.0.3');
    const last = await open('127.0.0.2');
    await until(() => idle.closed);
    last.write('GET /held HTTP/1.1\r\nHost: test\r\n\r\n');
    await until(() => answers.length === 4);
    const refused = await open('127.0.0.4');
    await until(() => refused.closed);
    expect([...busy, last].map(({ closed }) => closed)).toEqual([false, false, false, false]);
    for (const socket of [...busy, last]) socket.destroy();
    await until(async () => (await openConnections()) === 0);
    // The closed ones count no longer.
    const next = await Promise.all(Array.from({ length: MAX }, () => open('127.0.0.2')));
    expect(full).toHaveLength(1);
    for (const socket of next) socket.destroy();
  });

  it('closes when all answers that have begun are read', async () => {
    await stall();
    const closed = connections.close(new AbortController().signal);
    jest.advanceTimersByTime(10_000);
    expect(client.destroyed).toBe(false);
    read();
    await until(() => received > LENGTH);
    await closingTime(closed);
  });

  it('after a second closes connections whose answers have not begun', async () => {
    ask('/held');
    await until(() => answers.length === 1);
    const closed = connections.close(new AbortController().signal);
    jest.advanceTimersByTime(900);
    expect(answers[0]?.socket?.destroyed).toBe(false);
    await closingTime(closed);
    expect(answers[0]?.writableFinished).toBe(false);
  });

  it('closes all connections when its signal aborts', async () => {
    await stall();
    const stop = new AbortController();
    const closed = connections.close(stop.signal);
    stop.abort();
    await closed;
    expect(answers[0]?.writableFinished).toBe(false);
  });

  /** Advances the clock until it is closed. */
  async function closingTime(closed: Promise<void>): Promise<void> {
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    await until(() => {
      jest.advanceTimersByTime(50);
      return isClosed;
    });
  }
});
