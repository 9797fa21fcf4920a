import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DispatchedRequest, DispatchedResponse } from './engine.dispatch.js';
import { EngineAmbiguousError } from './engine.errors.js';
import { InProcessEngineTransport } from './in-process-engine.transport.js';

describe('InProcessEngineTransport', () => {
  let seen: DispatchedRequest[];
  let respond: (request: DispatchedRequest) => Promise<DispatchedResponse>;
  let transport: InProcessEngineTransport;

  beforeEach(() => {
    seen = [];
    respond = () => Promise.resolve({ status: 204, body: { kind: 'none' } });
    transport = new InProcessEngineTransport((request) => {
      seen.push(request);
      return respond(request);
    }, 'http://127.0.0.1:1234/engine-rest');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const GET = { method: 'GET' as const, path: '/x', timeoutMs: 1_000 };
  const POST = { method: 'POST' as const, path: '/x', timeoutMs: 1_000 };
  const json = (value: unknown) => (): Promise<DispatchedResponse> =>
    Promise.resolve({ status: 200, body: { kind: 'json', value } });

  it('sends path, query and the origin of links like a socket', async () => {
    await transport.send({ ...GET, query: { a: 'ä b', skipped: undefined, n: 1, yes: true } });
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/engine-rest/x?a=%C3%A4+b&n=1&yes=true',
      origin: 'http://127.0.0.1:1234',
      body: { kind: 'none' },
    });
  });

  it('sends JSON as if over a socket: no undefined members, dates as strings', async () => {
    await transport.send({ ...POST, json: { a: undefined, b: new Date(0), c: [undefined], d: Number.NaN } });
    expect(seen[0]?.body).toStrictEqual({
      kind: 'json',
      value: { b: '1970-01-01T00:00:00.000Z', c: [null], d: null },
    });
  });

  it('shares no object of a request or an answer with the engine', async () => {
    const memory = { variables: { list: { type: 'Json', valueInfo: { nested: { a: 1 } } } } };
    const sent = { variables: { list: { value: ['mine'] } } };
    respond = (request) => {
      expect(request.body).toEqual({ kind: 'json', value: sent });
      ((request.body as { value: typeof sent }).value.variables.list.value as unknown[]).push('engine');
      return json(memory)();
    };
    const answer = (await transport.send({ ...POST, json: sent })).body as typeof memory;
    answer.variables.list.valueInfo.nested.a = 2;
    expect([sent.variables.list.value, memory.variables.list.valueInfo.nested.a]).toEqual([['mine'], 1]);
  });

  it('sends a form with its fields and files', async () => {
    await transport.send({
      ...POST,
      multipart: [
        { name: 'deployment-name', content: 'ü' },
        { name: 'p.bpmn', filename: 'p.bpmn', content: '<x/>' },
      ],
    });
    expect(seen[0]?.body).toEqual({
      kind: 'form',
      parts: [
        { fieldName: 'deployment-name', fileName: null, content: Buffer.from('ü') },
        { fieldName: 'p.bpmn', fileName: 'p.bpmn', content: Buffer.from('<x/>') },
      ],
    });
  });

  it('reads an answer without a body, JSON, text, and text with the content type of JSON', async () => {
    const bytes = (contentType: string, content: string) => (): Promise<DispatchedResponse> =>
      Promise.resolve({ status: 200, body: { kind: 'bytes', contentType, content: Buffer.from(content) } });
    expect(await transport.send(POST)).toEqual({ status: 204, contentType: null, body: '' });
    respond = json([1]);
    expect(await transport.send(GET)).toEqual({ status: 200, contentType: 'application/json', body: [1] });
    respond = bytes('text/plain', 'ü {}');
    expect(await transport.send(GET)).toEqual({ status: 200, contentType: 'text/plain', body: 'ü {}' });
    respond = bytes('application/json', '<html>');
    expect((await transport.send(GET)).body).toBe('<html>');
  });

  it('notifies the engine that its caller has disconnected at the timeout, and rejects', async () => {
    jest.useFakeTimers();
    let left = 0;
    respond = (request) => {
      request.onDisconnect(() => (left += 1));
      return new Promise(() => undefined);
    };
    const late = transport.send({ ...POST, timeoutMs: 20 });
    const rejected = expect(late).rejects.toMatchObject({
      name: 'EngineAmbiguousError',
      status: null,
      message: expect.stringMatching(/no answer within 20 ms/),
    });
    jest.advanceTimersByTime(20);
    await rejected;
    expect(left).toBe(1);
  });

  it('notifies the engine that its caller has aborted, also a listener that is added later', async () => {
    let left = 0;
    let request: DispatchedRequest | undefined;
    respond = (dispatched) => {
      request = dispatched;
      return new Promise(() => undefined);
    };
    const caller = new AbortController();
    const aborted = transport.send({ ...POST, signal: caller.signal });
    caller.abort();
    await expect(aborted).rejects.toThrow(EngineAmbiguousError);
    request?.onDisconnect(() => (left += 1));
    expect(left).toBe(1);
  });

  it('sends nothing for a caller whose signal has aborted', async () => {
    await expect(transport.send({ ...POST, signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
    expect(seen).toEqual([]);
  });

  it('removes its listener and its timer once it is answered', async () => {
    jest.useFakeTimers();
    let left = 0;
    respond = (request) => {
      request.onDisconnect(() => (left += 1));
      return json({})();
    };
    const caller = new AbortController();
    const removed = jest.spyOn(caller.signal, 'removeEventListener');
    await transport.send({ ...POST, signal: caller.signal });
    expect([jest.getTimerCount(), removed.mock.calls.length]).toEqual([0, 1]);
    caller.abort();
    expect(left).toBe(0);
  });
});
