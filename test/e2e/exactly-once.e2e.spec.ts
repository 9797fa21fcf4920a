import { afterEach, describe, expect, it } from '@jest/globals';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { RunningService } from '../support/service.js';

describe('one id, one process', () => {
  const closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function startService(variables: Record<string, string> = {}): Promise<RunningService> {
    const service = await RunningService.start(variables);
    closers.push(() => service.destroy());
    return service;
  }

  it('starts one instance for a hundred equal parallel starts, and returns the same to all', async () => {
    const service = await startService();
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.start('hundred')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true');
    expect(replayed).toHaveLength(99);
    expect(await service.countInstances('hundred')).toBe(1);
  });

  it('has one process for a client that repeats its start after a broken connection', async () => {
    const service = await startService({ SIMULATOR_SLOW_MS: '2500' });
    const proxy = await CuttingProxy.start(service.baseUrl, 800);
    closers.push(() => proxy.close());
    const start = (): Promise<Response> =>
      fetch(`${proxy.baseUrl}/api/process/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=55' },
        body: JSON.stringify({
          processKey: 'onboard-user',
          correlationId: 'cut-off',
          variables: { userId: 'slow-cut-off' },
        }),
      });
    await expect(start()).rejects.toThrow();
    let answer: Response | null = null;
    while (answer === null) answer = await start().catch(() => null);
    expect(proxy.cuts).toBeGreaterThan(0);
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(await answer.json()).toMatchObject({ correlationId: 'cut-off', status: 'ok' });
    expect(await service.countInstances('cut-off')).toBe(1);
  });
});
