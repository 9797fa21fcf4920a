import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineStoppedError } from '../../state/engine.errors.js';
import { startEngineServer, type EngineServer } from './engine.server.js';
import { RecordingEngine } from '../testing/recording.engine.js';
import { DEPLOYMENT, LOCKED_TASK } from '../testing/records.js';

let engine: RecordingEngine;
let server: EngineServer;
let unexpected: unknown[];

beforeEach(async () => {
  engine = new RecordingEngine();
  unexpected = [];
  server = await startEngineServer({ engine, port: 0, onUnexpectedError: (error) => unexpected.push(error) });
});

afterEach(async () => {
  await server.close();
});

async function send(method: string, path: string, body?: string, contentType?: string): Promise<Response> {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  // As bytes, because fetch adds a content type to a string.
  return fetch(`${server.baseUrl}${path}`, {
    method,
    headers,
    body: body === undefined ? null : Buffer.from(body),
  });
}

async function errorOf(response: Response): Promise<{ type: string; message: string; code: number | null }> {
  return (await response.json()) as { type: string; message: string; code: number | null };
}

/** A waiting poll: a promise that the test settles, and whether it was cancelled. */
function parkFetch(): {
  readonly parked: Promise<void>;
  readonly cancelled: Promise<void>;
  settle(tasks: unknown): void;
} {
  let settle: (tasks: unknown) => void = () => {};
  let hasParked: () => void = () => {};
  let hasCancelled: () => void = () => {};
  const parked = new Promise<void>((resolve) => (hasParked = resolve));
  const cancelled = new Promise<void>((resolve) => (hasCancelled = resolve));
  engine.implement('externalTasks.fetchAndLock', () => {
    const tasks = new Promise((resolve) => (settle = resolve));
    hasParked();
    return {
      tasks,
      cancel: () => {
        hasCancelled();
        settle([]);
      },
    };
  });
  return {
    parked,
    cancelled,
    settle: (tasks) => {
      settle(tasks);
    },
  };
}

function openSocket(): Socket {
  const { port, hostname } = new URL(server.baseUrl);
  return connect(Number(port), hostname);
}

describe('startEngineServer', () => {
  it('listens on the loopback interface under the base path', () => {
    expect(server.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/engine-rest$/);
  });

  it('sends JSON with a content type without charset', async () => {
    const socket = openSocket();
    socket.write('GET /engine-rest/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'close');
    expect(answer).toContain('HTTP/1.1 200 OK\r\n');
    expect(/^content-type: (.*)\r$/im.exec(answer)?.[1]).toBe('application/json');
    expect(/^cache-control: (.*)\r$/im.exec(answer)?.[1]).toBe('no-cache');
    expect(answer.endsWith('{"version":"7.24.0"}')).toBe(true);
  });

  it('sends errors with a content type without charset', async () => {
    const response = await send('GET', '/no-such-path');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.status).toBe(404);
  });

  it.each(['', '/engine/default'])('serves the API under /engine-rest%s', async (base) => {
    expect(await (await send('GET', `${base}/version`)).json()).toEqual({ version: '7.24.0' });
    expect(await (await send('GET', `${base}/engine`)).json()).toEqual([{ name: 'default' }]);
  });

  it('refuses any other engine name', async () => {
    const response = await send('GET', '/engine/other/version');
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toEqual({
      type: 'InvalidRequestException',
      message: 'No process engine available',
      code: null,
    });
  });

  it.each(['/batch', '/engine-rest', '/task/1/comment', '/engine/default/batch'])(
    'responds to %s that it is not part of the subset',
    async (path) => {
      const error = await errorOf(await send('GET', path));
      expect(error).toMatchObject({ type: 'NotFoundException', code: null });
      expect(error.message).toContain(
        "is not part of the subset of Camunda 7's REST API that the embedded engine serves",
      );
    },
  );

  it('responds 404 outside its base path and 405 for another method', async () => {
    expect((await fetch(server.baseUrl.replace('/engine-rest', '/other'))).status).toBe(404);
    const response = await send('DELETE', '/version');
    expect(response.status).toBe(405);
    expect((await errorOf(response)).message).toBe('DELETE /engine-rest/version is not allowed, only GET');
  });

  it('answers HEAD like GET without a body', async () => {
    const response = await send('HEAD', '/version');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('sends no cache header for commands', async () => {
    expect((await send('POST', '/external-task/T/unlock')).headers.get('cache-control')).toBeNull();
  });

  it('refuses a path that is not URL-encoded', async () => {
    expect((await errorOf(await send('GET', '/external-task/%zz'))).message).toMatch(
      /not URL-encoded|not a valid url/,
    );
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['no body and no content type, as the JavaScript client sends it', undefined, undefined],
    ['an empty body with a JSON content type', '', 'application/json'],
    ['blanks', '  ', 'application/json'],
    ['the literal null, as the Java client sends it', 'null', 'application/json'],
    ['an object', '{}', 'application/json; charset=utf-8'],
    ['an object without a content type', '{}', undefined],
    ['unknown members', '{"whatever":{"deep":[1]}}', 'application/json'],
    ['a vendor type', '{}', 'application/hal+json'],
  ])('accepts %s', async (_what, body, contentType) => {
    const response = await send('POST', '/external-task/T/unlock', body, contentType);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(engine.lastCall).toEqual({ method: 'externalTasks.unlock', args: ['T'] });
  });

  it.each<[string, string, string, number, RegExp]>([
    ['malformed JSON', '{"a":', 'application/json', 400, /Cannot parse the JSON of the request body/],
    ['a list', '[]', 'application/json', 400, /not a JSON object/],
    ['a number', '5', 'application/json', 400, /not a JSON object/],
    ['another content type', 'a=b', 'application/x-www-form-urlencoded', 415, /is not supported here/],
    [
      'a form',
      '--x--\r\n',
      'multipart/form-data; boundary=x',
      415,
      /multipart\/form-data is not supported here/,
    ],
  ])('refuses %s', async (_what, body, contentType, status, message) => {
    const response = await send('POST', '/external-task/T/complete', body, contentType);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).toMatch(message);
    expect(engine.calls).toEqual([]);
  });

  it('refuses a body beyond the limit with 413', async () => {
    const response = await send(
      'POST',
      '/external-task/T/complete',
      `"${'x'.repeat(17 * 1024 * 1024)}"`,
      'application/json',
    );
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ type: 'InvalidRequestException', code: null });
  });

  it('responds 500 without details to an unexpected error, and reports it', async () => {
    const error = new TypeError('secret detail');
    engine.answer('externalTasks.unlock', error);
    const response = await send('POST', '/external-task/T/unlock');
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toEqual({
      type: 'RestException',
      message: 'The embedded engine failed to process the request.',
      code: null,
    });
    expect(unexpected).toEqual([error]);
  });

  it('answers a waiting poll when the engine has tasks', async () => {
    const poll = parkFetch();
    const response = send('POST', '/external-task/fetchAndLock', '{"workerId":"w"}', 'application/json');
    await poll.parked;
    poll.settle([LOCKED_TASK]);
    expect(await (await response).json()).toMatchObject([{ id: 'T' }]);
  });

  it('cancels a waiting poll when its client disconnects', async () => {
    const poll = parkFetch();
    const socket = openSocket();
    socket.write(
      'POST /engine-rest/external-task/fetchAndLock HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    );
    await poll.parked;
    socket.destroy();
    await poll.cancelled;
  });

  it('does not cancel a poll that was answered', async () => {
    const poll = parkFetch();
    let isCancelled = false;
    void poll.cancelled.then(() => (isCancelled = true));
    const response = send('POST', '/external-task/fetchAndLock');
    await poll.parked;
    poll.settle([]);
    await (await response).json();
    await server.close();
    expect(isCancelled).toBe(false);
  });

  it('ends waiting polls and idle keep-alive sockets on close', async () => {
    const poll = parkFetch();
    const idle = openSocket();
    idle.write('GET /engine-rest/version HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const waiting = openSocket();
    let answer = '';
    waiting.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    waiting.write(
      'POST /engine-rest/external-task/fetchAndLock HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    );
    await poll.parked;
    const closed = Promise.all([once(idle.resume(), 'close'), once(waiting, 'close')]);
    await server.close();
    await closed;
    expect(answer).toContain('200 OK');
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('closes the socket of an incomplete request on close', async () => {
    const socket = openSocket();
    socket.on('error', () => {});
    socket.write(
      'POST /engine-rest/external-task/T/unlock HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{',
    );
    await once(socket, 'connect');
    const other = await send('GET', '/version');
    await other.text();
    const closed = once(socket, 'close');
    await server.close();
    await closed;
  });

  it('reads a deployment form, and returns links with the requested host', async () => {
    engine.answer('repository.deploy', { deployment: DEPLOYMENT, definitions: [] });
    const form = new FormData();
    form.set('deployment-name', 'größe');
    form.set('data 0', new Blob(['<a/>']), 'order.bpmn');
    const response = await fetch(`${server.baseUrl}/deployment/create`, { method: 'POST', body: form });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ links: [{ href: `${server.baseUrl}/deployment/D` }] });
    expect(engine.lastCall?.args[0]).toMatchObject({
      name: 'größe',
      resources: [{ name: 'order.bpmn', bytes: Buffer.from('<a/>') }],
    });
  });

  it('reads variables from forms: a file with its name and type, JSON unchanged', async () => {
    const post = async (form: FormData): Promise<unknown> => {
      const url = `${server.baseUrl}/process-instance/PI/variables/a/data`;
      expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204);
      return (engine.lastCall?.args[1] as ReadonlyMap<string, unknown>).get('a');
    };
    const file = new FormData();
    file.set('data', new Blob(['hi'], { type: 'text/plain' }), 'größe.txt');
    file.set('valueType', 'File');
    expect(await post(file)).toEqual({
      type: 'File',
      value: 'aGk=',
      valueInfo: { filename: 'größe.txt', mimeType: 'text/plain' },
    });
    const json = new FormData();
    json.set('data', new Blob(['{"a":1}'], { type: 'application/json' }), 'a.json');
    expect(await post(json)).toMatchObject({
      type: 'Bytes',
      value: Buffer.from('{"a":1}').toString('base64'),
    });
  });

  it('serves a file whose name has characters that headers cannot contain', async () => {
    const valueInfo = { filename: 'größe 日本.txt', mimeType: 'text/plain', encoding: 'UTF-8' };
    engine.answer('runtime.findVariables', new Map([['a', { type: 'File', value: 'aGk=', valueInfo }]]));
    const response = await send('GET', '/execution/PI/localVariables/a/data');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="größe __.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E6%97%A5%E6%9C%AC.txt`,
    );
    expect(await response.text()).toBe('hi');
  });

  it('refuses reads too when the engine has stopped, because its memory is not durable', async () => {
    engine.failure = new EngineStoppedError(new Error('disk full'));
    const response = await send('GET', '/process-instance/count');
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toContain('takes no writes: disk full');
    expect(engine.lastCall).toBeUndefined();
    expect(unexpected).toEqual([]);
  });

  it('refuses a form of many large files before it has received all of them', async () => {
    const file = new Blob([Buffer.alloc(19 * 1024 * 1024)]);
    const form = new FormData();
    for (let i = 0; i < 6; i += 1) form.set(`data ${i}`, file, `${i}.txt`);
    const response = await fetch(`${server.baseUrl}/deployment/create`, { method: 'POST', body: form });
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({
      message: 'The form has more than 83886080 bytes. Nothing of it was kept; send it in several.',
    });
    expect(engine.lastCall).toBeUndefined();
  });

  it('refuses a request whose response is too large', async () => {
    // Simulates the error of JSON.stringify beyond 512 Mi characters, without the memory for them.
    const value = {
      toJSON: () => {
        throw new RangeError('Invalid string length');
      },
    };
    engine.answer('runtime.findVariables', new Map([['a', { type: 'Json', value, valueInfo: {} }]]));
    const response = await send('GET', '/execution/PI/localVariables');
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toMatchObject({
      type: 'RestException',
      message: expect.stringContaining('ask for less, e.g. by maxResults') as unknown,
    });
  });

  it('refuses a body that nests deeper than Jackson reads', async () => {
    const nested = (depth: number): string => `{"businessKey":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    for (const depth of [1_000, 100_000]) {
      const response = await send('POST', '/process-instance', nested(depth), 'application/json');
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({
        message: 'Cannot parse the JSON of the request body: it nests deeper than 1000',
      });
    }
    expect(
      await errorOf(await send('POST', '/process-instance', nested(999), 'application/json')),
    ).toMatchObject({
      message: expect.stringContaining("'businessKey'") as unknown,
    });
    expect(unexpected).toEqual([]);
  });

  it('refuses a form that does not parse', async () => {
    const response = await send('POST', '/deployment/create', 'no form', 'multipart/form-data; boundary=x');
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ type: 'InvalidRequestException' });
  });

  it('serves bytes under their own content type', async () => {
    engine.answer('externalTasks.findOne', { ...LOCKED_TASK, errorDetails: 'stack' });
    const response = await send('GET', '/external-task/T/errorDetails');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toBe('stack');
  });

  it('refuses a port that is taken', async () => {
    const port = Number(new URL(server.baseUrl).port);
    await expect(startEngineServer({ engine, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
