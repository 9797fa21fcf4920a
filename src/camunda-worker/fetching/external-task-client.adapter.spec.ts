import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  type EngineDispatch,
  type EngineResponse,
  EngineResponseError,
  toTypedVariables,
} from '../../camunda-engine/index.js';
import { HttpEngineTransport } from '../../camunda-engine/http-engine.transport.js';
import { InProcessEngineTransport } from '../../camunda-engine/in-process-engine.transport.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { ExternalTaskClientAdapter } from './external-task-client.adapter.js';
import type { FetchedTask, TaskCalls } from '../task/fetched-task.js';
import { PollGate } from './poll.gate.js';
import { PollWaits } from './poll-waits.js';
import { TaskSlots } from './task-slots.js';
import { FakeEngine } from '../testing/fake-engine.js';

Logger.overrideLogger(false);

/** Serves a fake engine over HTTP; a client that disconnects ends its poll. */
async function serve(engine: FakeEngine): Promise<{ baseUrl: string; close: () => void }> {
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const json: unknown = text === '' ? {} : JSON.parse(text);
      const respond = ({ status, contentType, body }: EngineResponse): void => {
        response.writeHead(status, contentType === null ? {} : { 'content-type': contentType });
        response.end(status === 204 ? undefined : JSON.stringify(body));
      };
      ask(engine, request.url ?? '', json, gone.signal).then(respond, () => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Dispatches requests to a fake engine without a socket. */
function dispatchTo(engine: FakeEngine): EngineDispatch {
  return async ({ url, body: sent, onDisconnect }) => {
    const gone = new AbortController();
    onDisconnect(() => {
      gone.abort();
    });
    const { status, body } = await ask(engine, url, sent.kind === 'json' ? sent.value : {}, gone.signal);
    return { status, body: status === 204 ? { kind: 'none' } : { kind: 'json', value: body } };
  };
}

function ask(engine: FakeEngine, path: string, json: unknown, signal: AbortSignal): Promise<EngineResponse> {
  return engine.send({ method: 'POST', path, json, timeoutMs: 1_000, signal });
}

describe.each(['http', 'inproc'])('ExternalTaskClientAdapter over %s', (way) => {
  const observer = { pollSucceeded: () => undefined, pollFailed: () => undefined };
  let engine: FakeEngine;
  let close: () => void;
  let shutdown: ShutdownService;
  let client: ExternalTaskClientAdapter;
  let onTask: (task: FetchedTask, calls: TaskCalls) => Promise<void>;

  beforeEach(async () => {
    engine = new FakeEngine();
    engine.define('p', { topics: ['a'] });
    const server = await serve(engine);
    close = server.close;
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const transport =
      way === 'http'
        ? new HttpEngineTransport(server, shutdown)
        : new InProcessEngineTransport(dispatchTo(engine), server.baseUrl);
    client = new ExternalTaskClientAdapter(transport, {
      workerId: 'w',
      capacity: 5,
      asyncResponseTimeoutMs: 600_000,
      lockDurationMs: 20_000,
      gate: new PollGate(new TaskSlots(5), 1, observer),
      waits: new PollWaits(600_000, Infinity),
      subscriptions: [{ topic: 'a', lockDurationMs: 1_000 }],
      onTask: (task, calls) => onTask(task, calls),
    });
    client.start();
    await engine.until(() => engine.parkedPolls === 1);
  });

  afterEach(async () => {
    client.stop();
    client.abortPoll();
    await client.whenPollEnded();
    await shutdown.stop();
    close();
  });

  it('delivers a task with its variables, and completes it with typed ones', async () => {
    let seen: FetchedTask | undefined;
    onTask = async (task, calls) => {
      seen = task;
      await calls.extendLock(task.id, 5_000);
      await calls.complete(task.id, toTypedVariables({ ok: true, items: [1] }));
    };
    const variables = toTypedVariables({ n: 1, doc: { a: 1 } });
    const id = engine.start('p', 'key', variables);
    await engine.until(() => !engine.isRunning(id));
    expect(seen).toMatchObject({
      topicName: 'a',
      businessKey: 'key',
      retries: null,
      processInstanceId: id,
      processDefinitionKey: 'p',
    });
    expect({ ...seen?.variables }).toEqual({ ...variables });
    expect(engine.requestsTo(/extendLock/)[0]?.json).toEqual({ newDuration: 5_000, workerId: 'w' });
    expect(engine.requestsTo(/complete/)[0]?.json).toMatchObject({
      workerId: 'w',
      variables: { ok: { type: 'boolean', value: true }, items: { type: 'json', value: '[1]' } },
    });
  });

  it('sends failures, BPMN errors and unlocks in the format of the engine', async () => {
    const refused: unknown[] = [];
    onTask = async (task, calls) => {
      await calls.failure(task.id, {
        errorMessage: 'm',
        errorDetails: 'd',
        retries: 2,
        retryTimeout: 60_000,
      });
      await calls.bpmnError(task.id, {
        errorCode: 'C',
        errorMessage: 'm',
        variables: toTypedVariables({ v: 1 }),
      });
      await calls.unlock(task.id).catch((error: unknown) => refused.push(error));
    };
    engine.start('p', 'key');
    await engine.until(() => refused.length === 1);
    expect(engine.requestsTo(/failure/)[0]?.json).toEqual({
      workerId: 'w',
      errorMessage: 'm',
      errorDetails: 'd',
      retries: 2,
      retryTimeout: 60_000,
    });
    expect(engine.requestsTo(/bpmnError/)[0]?.json).toMatchObject({
      workerId: 'w',
      errorCode: 'C',
      errorMessage: 'm',
      variables: { v: { type: 'integer', value: 1 } },
    });
    expect(engine.requestsTo(/unlock/)).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(EngineResponseError);
  });

  it('aborts the waiting poll, so that the engine drops it', async () => {
    client.stop();
    client.abortPoll();
    await client.whenPollEnded();
    await engine.until(() => engine.parkedPolls === 0);
    expect(engine.requestsTo(/fetchAndLock/)).toHaveLength(1);
  });
});
