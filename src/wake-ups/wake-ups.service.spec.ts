import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { until } from '../common/testing/until.js';
import { ShutdownService } from '../lifecycle/index.js';
import type { OutcomeHint } from './hints.js';
import { MessageBus } from './testing/message.bus.js';
import { WakeUpsService } from './wake-ups.service.js';

describe('WakeUpsService', () => {
  let bus: MessageBus;
  let shutdowns: ShutdownService[];

  beforeEach(() => {
    bus = new MessageBus();
    shutdowns = [];
  });

  afterEach(async () => {
    bus.hangs = false;
    jest.useRealTimers();
    await Promise.all(shutdowns.map((shutdown) => shutdown.stop()));
    jest.restoreAllMocks();
  });

  function instance() {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdowns.push(shutdown);
    const service = new WakeUpsService(bus.transport(), shutdown);
    const outcomes: OutcomeHint[] = [];
    const events: string[] = [];
    service.onOutcomes((hints) => outcomes.push(...hints));
    service.onEvents((ids) => events.push(...ids));
    service.onApplicationBootstrap();
    return { service, shutdown, outcomes, events };
  }

  async function two() {
    const both = [instance(), instance()] as const;
    await until(() => both.every(({ service }) => service.isConnected));
    return both;
  }

  const fakeClock = () => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });

  /** Lets time pass with what happens in it. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await jest.advanceTimersByTimeAsync(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('tells outcomes to the other instances, many in one message, and not to itself', async () => {
    const [one, other] = await two();
    bus.sent.length = 0;
    for (let n = 0; n < 100; n += 1) one.service.publishOutcome(`id-${n}`, n);
    await until(() => other.outcomes.length === 100);
    expect(other.outcomes[7]).toEqual(['id-7', 7]);
    expect(one.outcomes).toEqual([]);
    expect(bus.sent.filter((text) => text.includes('id-'))).toHaveLength(1);
  });

  it('tells events only of trails that another instance reads', async () => {
    const [one, other] = await two();
    const end = other.service.watchEvents('read');
    await until(() => bus.sent.some((text) => text.includes('read')));
    await until(() => {
      one.service.publishEvent('read');
      return other.events.length > 0;
    });
    bus.sent.length = 0;
    one.service.publishEvent('not-read');
    one.service.publishOutcome('marker', 1);
    await until(() => other.outcomes.length > 0);
    expect(bus.sent.join()).not.toContain('not-read');
    end();
  });

  it('does nothing and waits for nobody without a transport', () => {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdowns.push(shutdown);
    const service = new WakeUpsService(null, shutdown);
    service.onApplicationBootstrap();
    service.publishOutcome('a', 1);
    service.watchEvents('a')();
    expect(service.state).toEqual({ transport: null, condition: 'off' });
  });

  it('notices that messages do not arrive although they can be sent, warns once, and says when they arrive again', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const log = jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    fakeClock();
    const { service } = instance();
    await pass(1_000);
    expect(service.state).toEqual({ transport: 'redis', condition: 'connected' });
    const away = jest.fn();
    service.onAway(away);

    bus.delivers = false;
    await pass(20_000);
    expect(service.state.condition).toBe('away');
    expect(bus.resets).toBeGreaterThan(1);
    expect([warn.mock.calls.length, away.mock.calls.length]).toEqual([1, 1]);

    bus.delivers = true;
    await pass(2_000);
    expect(service.state.condition).toBe('connected');
    expect(log.mock.calls.map(([line]) => line as unknown)).toContainEqual(
      expect.objectContaining({ msg: 'Wake-ups of other instances arrive again.' }),
    );
  });

  it('keeps nothing while messages do not arrive, and no more than its limit while one hangs', async () => {
    const [one, other] = await two();
    bus.hangs = true;
    for (let n = 0; n < 30_000; n += 1) one.service.publishOutcome(`id-${n}`, 1);
    const { outcomes } = one.service as unknown as { outcomes: Map<string, number> };
    expect(outcomes.size).toBeLessThanOrEqual(10_000);
    expect(other.outcomes).toEqual([]);
  });

  it('survives a flood of messages of unknown hands', async () => {
    const [one, other] = await two();
    for (let n = 0; n < 5_000; n += 1) bus.deliver(n % 2 === 0 ? `{"i":"x","w":["id-${n}"]}` : '\u0000{');
    const { wanted } = other.service as unknown as { wanted: Map<string, number> };
    expect(wanted.size).toBeLessThanOrEqual(2_000);
    // The next second is a new one.
    await until(() => {
      one.service.publishOutcome('after', 1);
      return other.outcomes.length > 0;
    });
  });

  it('stops at once while a message hangs', async () => {
    const [one] = await two();
    bus.hangs = true;
    one.service.publishOutcome('a', 1);
    await until(() => bus.sent.some((text) => text.includes('"a"')));
    const stopped = one.shutdown.stop();
    await expect(stopped).resolves.toBeUndefined();
  });
});
