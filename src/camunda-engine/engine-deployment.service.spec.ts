import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { ProcessDefinition } from '../common/process-definition/index.js';
import { createConfiguration } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import type { WorkLeaseService } from '../work-lease/index.js';
import { EngineDeploymentService } from './engine-deployment.service.js';
import { EngineUnreachableError } from './engine.errors.js';
import { createEngineClients } from './testing/engine-clients.js';
import { ScriptedTransport } from './testing/scripted-transport.js';

Logger.overrideLogger(false);

const folder = mkdtempSync(join(tmpdir(), 'deployment-'));

function definition(key: string): ProcessDefinition {
  const file = join(folder, `${key}.bpmn`);
  writeFileSync(file, `<${key}/>`);
  return { key, steps: [], bpmn: pathToFileURL(file) };
}

describe('EngineDeploymentService', () => {
  const stops: (() => Promise<void>)[] = [];

  function create(deploy = 'on', keys = ['a', 'b'], leases?: WorkLeaseService) {
    const transport = new ScriptedTransport();
    const config = createConfiguration({ CAMUNDA_DEPLOY: deploy }).camunda;
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    const { connection, deployments } = createEngineClients(transport, config);
    const service = new EngineDeploymentService(
      connection,
      deployments,
      keys.map(definition),
      config,
      shutdown,
      leases,
    );
    stops.push(() => shutdown.stop());
    return { transport, service, shutdown };
  }

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const away = () => new EngineUnreachableError({ method: 'POST', path: '/deployment/create' }, 'refused');
  const done = { id: 'D', deployedProcessDefinitions: null };

  it('deploys each definition under its own name', async () => {
    const { transport, service } = create();
    transport.json(200, done).json(200, done);
    service.onApplicationBootstrap();
    expect([service.state.status, service.isSettled('a'), service.isSettled('foreign')]).toEqual([
      'pending',
      false,
      true,
    ]);
    await service.whenDeployed();
    expect(transport.requests.map(({ multipart }) => [multipart?.[0]?.content, multipart?.at(-1)])).toEqual([
      ['fastify-camunda:a', { name: 'a.bpmn', filename: 'a.bpmn', content: '<a/>' }],
      ['fastify-camunda:b', { name: 'b.bpmn', filename: 'b.bpmn', content: '<b/>' }],
    ]);
    expect(service.state).toMatchObject({ status: 'deployed', rounds: 1 });
  });

  it('waits for its turn while another instance deploys, and gives it up afterwards', async () => {
    const turns = [false, false, true];
    const deployedAt: number[] = [];
    const release = jest.fn(() => Promise.resolve());
    const lease = {
      acquire: () => {
        deployedAt.push(transport.requests.length);
        return Promise.resolve(turns.shift());
      },
      release,
    };
    const { transport, service } = create('on', ['a', 'b'], { of: () => lease } as never);
    transport.json(200, done).json(200, done);
    service.onApplicationBootstrap();
    await service.whenDeployed();
    expect(deployedAt).toEqual([0, 0, 0]);
    expect([transport.requests.length, release.mock.calls.length]).toEqual([2, 1]);
  });

  it('deploys without a turn if the database is unavailable', async () => {
    const unavailable = () => Promise.reject(new Error('away'));
    const lease = { acquire: unavailable, release: unavailable };
    const { transport, service } = create('on', ['a'], { of: () => lease } as never);
    transport.json(200, done);
    service.onApplicationBootstrap();
    await service.whenDeployed();
    expect(service.state.status).toBe('deployed');
  });

  it('repeats only the failed deployments of an unreachable engine, with a delay', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { transport, service } = create();
    transport.json(200, done);
    transport.answers.push(away(), away());
    transport.json(200, done);
    service.onApplicationBootstrap();
    const deployed = service.whenDeployed();
    while (service.state.rounds < 1) await new Promise((resolve) => setImmediate(resolve));
    expect(service.state).toMatchObject({
      status: 'pending',
      definitions: { a: { status: 'deployed' }, b: { status: 'pending' } },
    });
    while (service.state.status !== 'deployed') {
      jest.advanceTimersByTime(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await deployed;
    expect(transport.requests.map(({ multipart }) => multipart?.[0]?.content)).toEqual([
      'fastify-camunda:a',
      'fastify-camunda:b',
      'fastify-camunda:b',
      'fastify-camunda:b',
    ]);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it.each([400, 500])('reports a definition refused with %i and does not deploy it again', async (status) => {
    const error = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { transport, service } = create();
    transport
      .json(status, { type: 'ParseException', message: 'no TTL', code: 0, details: { 'a.bpmn': {} } })
      .json(200, done);
    service.onApplicationBootstrap();
    await service.whenDeployed();
    expect(service.state).toMatchObject({
      status: 'refused',
      isComplete: true,
      definitions: { a: { status: 'refused', file: 'a.bpmn', problem: 'no TTL' }, b: { status: 'deployed' } },
    });
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({
        processKey: 'a',
        file: 'a.bpmn',
        problem: 'no TTL',
        details: { 'a.bpmn': {} },
      }),
    );
    transport.json(200, done);
    service.deployAgain();
    await service.whenDeployed();
    expect(transport.requests).toHaveLength(3);
  });

  it('deploys again when the engine is back, one round at a time', async () => {
    const { transport, service } = create('on', ['a']);
    transport.json(200, done).json(200, done);
    service.onApplicationBootstrap();
    service.deployAgain();
    await service.whenDeployed();
    expect(transport.requests).toHaveLength(1);
    service.deployAgain();
    expect([service.isSettled('a'), service.state.isComplete]).toEqual([false, true]);
    await service.whenDeployed();
    expect(transport.requests).toHaveLength(2);
  });

  it('begins with the first call that waits for it, and only once', async () => {
    const { transport, service } = create('on', ['a']);
    transport.json(200, done);
    await service.whenDeployed();
    service.onApplicationBootstrap();
    await service.whenDeployed();
    expect([service.state.status, transport.requests.length]).toEqual(['deployed', 1]);
  });

  it('does nothing if CAMUNDA_DEPLOY is off', async () => {
    const { transport, service } = create('off');
    service.onApplicationBootstrap();
    service.deployAgain();
    await service.whenDeployed();
    expect([service.state.status, service.isSettled('a'), transport.requests.length]).toEqual([
      'off',
      true,
      0,
    ]);
  });

  it('stops repeating when the service stops', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { transport, service, shutdown } = create('on', ['a']);
    transport.answers.push(away());
    service.onApplicationBootstrap();
    const deployed = service.whenDeployed();
    await shutdown.stop();
    await deployed;
    service.deployAgain();
    expect([service.state.status, transport.requests.length]).toEqual(['pending', 1]);
  });
});
