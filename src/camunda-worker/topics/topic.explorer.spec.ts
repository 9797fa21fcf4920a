import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, Module, type Provider, Scope } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import type { HandlerTask } from '../task/topic-handler.js';
import { Topic } from './topic.decorator.js';
import { TopicExplorer } from './topic.explorer.js';

Logger.overrideLogger(false);

@Topic('order.check')
class CheckHandler {
  readonly answer: string = 'original';

  handle() {
    return { answer: this.answer };
  }
}

class CheckDouble extends CheckHandler {
  override readonly answer = 'double';
}

@Topic('order.check')
class OtherCheckHandler {
  handle() {
    return {};
  }
}

@Topic('order.extra.step')
class ExtraHandler {
  handle() {
    return {};
  }
}

@Topic('order.check')
class HandlerWithoutHandle {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Topic('order.check')
class RequestScopedHandler {
  constructor(readonly request: PerRequest) {}

  handle() {
    return {};
  }
}

const folder = mkdtempSync(join(tmpdir(), 'explorer-'));

function order(bpmn: string, steps = ['check']): ProcessDefinition {
  const file = join(folder, `${Math.random()}.bpmn`);
  writeFileSync(file, bpmn);
  return { key: 'order', steps, bpmn: pathToFileURL(file) };
}

const CHECK = '<serviceTask camunda:type="external" camunda:topic="order.check" />';

describe('TopicExplorer', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function explore(providers: Provider[], definitions = [order(CHECK)], override?: typeof CheckDouble) {
    const builder = Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [TopicExplorer, { provide: PROCESS_DEFINITIONS, useValue: definitions }, ...providers],
    });
    if (override) builder.overrideProvider(CheckHandler).useClass(override);
    const module = await builder.compile();
    await module.init();
    return module.get(TopicExplorer).topics;
  }

  const task = {} as HandlerTask;

  it('finds handlers with their position in the process', async () => {
    const topics = await explore([CheckHandler, ExtraHandler], [order(CHECK, ['check'])]);
    expect([...topics.values()].map(({ topic, stepName, step }) => [topic, stepName, step])).toEqual([
      ['order.check', 'check', 1],
      ['order.extra.step', 'step', null],
    ]);
    expect(topics.get('order.check')?.handle({}, task)).toEqual({ answer: 'original' });
  });

  it('finds a subclass by which a test replaces a handler', async () => {
    const topics = await explore([CheckHandler], undefined, CheckDouble);
    expect(topics.get('order.check')?.handle({}, task)).toEqual({ answer: 'double' });
  });

  it.each([
    ['a value', { provide: 'h', useValue: new CheckHandler() }],
    ['a factory', { provide: 'h', useFactory: () => new CheckHandler() }],
  ])('finds a handler that is provided as %s', async (_, provider) => {
    expect([...(await explore([provider])).keys()]).toEqual(['order.check']);
  });

  it('treats an alias as its handler, and ignores values without a class', async () => {
    const alias = { provide: 'alias', useExisting: CheckHandler };
    const value = { provide: 'value', useValue: Object.create(null) as object };
    expect([
      ...(await explore([CheckHandler, alias, value, { provide: 'n', useValue: null }])).keys(),
    ]).toEqual(['order.check']);
  });

  it('refuses two classes for a topic', async () => {
    await expect(explore([CheckHandler, OtherCheckHandler])).rejects.toThrow(
      /OtherCheckHandler .*CheckHandler .*both handle the topic "order.check"/,
    );
  });

  it('refuses a definition whose .bpmn cannot be read, with its path', async () => {
    const missing = { ...order(CHECK), bpmn: pathToFileURL(join(folder, 'missing.bpmn')) };
    await expect(explore([CheckHandler], [missing])).rejects.toThrow(
      /The process "order" has no readable model at .*missing\.bpmn \(ENOENT\): correct the name/,
    );
  });

  it('refuses one class in two modules', async () => {
    @Module({ providers: [CheckHandler] })
    class SecondModule {}

    const module = await Test.createTestingModule({
      imports: [DiscoveryModule, SecondModule],
      providers: [TopicExplorer, CheckHandler, { provide: PROCESS_DEFINITIONS, useValue: [] }],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      /CheckHandler handles the topic "order.check" twice.*one module/,
    );
  });

  it.each([
    ['maxParallel', 0],
    ['maxDurationMs', 1.5],
    ['maxDurationMs', 2 ** 31],
  ])('refuses %s %p', async (name, value) => {
    @Topic('order.limited', { [name]: value })
    class LimitedHandler {
      handle() {
        return {};
      }
    }
    await expect(explore([LimitedHandler])).rejects.toThrow(
      new RegExp(`LimitedHandler .*"order.limited" with ${name} ${value}: give a whole number`),
    );
  });

  it('refuses a request-scoped handler', async () => {
    await expect(explore([PerRequest, RequestScopedHandler])).rejects.toThrow(
      /RequestScopedHandler .*"order.check".*not a singleton/,
    );
  });

  it('refuses a handler without handle()', async () => {
    await expect(explore([HandlerWithoutHandle])).rejects.toThrow(
      /HandlerWithoutHandle .*@Topic\("order.check"\).*no handle\(\)/,
    );
  });

  it('refuses a step that has no handler', async () => {
    await expect(explore([CheckHandler], [order(CHECK, ['check', 'charge'])])).rejects.toThrow(
      /"order" has the step "charge" .*@Topic\("order.charge"\)/,
    );
  });

  it('warns once of a topic in a .bpmn that no class handles, unless it is an expression', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const bpmn = `${CHECK}<x camunda:topic="order.chek"/><y camunda:topic="order.chek"/><z camunda:topic="\${any}"/>`;
    await explore([CheckHandler], [order(bpmn)]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith({
      topic: 'order.chek',
      msg: expect.stringContaining('The .bpmn of "order" has the topic "order.chek"') as unknown,
    });
  });

  it('warns of a topic that no .bpmn has, unless a topic is an expression', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await explore([CheckHandler, ExtraHandler]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ topic: 'order.extra.step' }));
    warn.mockClear();
    await explore([CheckHandler, ExtraHandler], [order(`${CHECK}<x operaton:topic='\${topic}'/>`)]);
    await explore([CheckHandler, ExtraHandler], [order(`${CHECK}<x camunda:topic = 'order.extra.step'/>`)]);
    expect(warn).not.toHaveBeenCalled();
  });
});
