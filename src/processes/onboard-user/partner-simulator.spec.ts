import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Worker } from 'node:worker_threads';
import { PartnerSimulator } from './partner-simulator.js';

describe('PartnerSimulator', () => {
  let simulator: PartnerSimulator | undefined;

  afterEach(() => simulator?.close());

  async function check(userId: unknown): Promise<unknown> {
    const answer = await fetch(`${simulator?.baseUrl}/background-checks`, {
      method: 'POST',
      body: JSON.stringify({ userId }),
    });
    return [answer.status, await answer.json()];
  }

  it('answers by the prefix of the userId, and survives invalid requests', async () => {
    simulator = await PartnerSimulator.start(0, () => undefined);
    expect(await check('slow-a')).toEqual([200, { cleared: true }]);
    expect(await check(5)).toMatchObject([400, { error: expect.any(String) }]);
    expect(await check('broken-a')).toMatchObject([500, { error: expect.any(String) }]);
  });

  it('refuses to start if its thread ends before it listens, with an error or without', async () => {
    const on = jest.spyOn(Worker.prototype, 'once');
    const ends = [
      (worker: Worker) => worker.emit('exit', 0),
      (worker: Worker) => worker.emit('error', new Error('out of memory')),
    ];
    const messages: unknown[] = [];
    for (const end of ends) {
      on.mockClear();
      const starting = PartnerSimulator.start(0, () => undefined);
      const worker = on.mock.contexts.at(-1) as Worker;
      end(worker);
      messages.push(await starting.catch((error: unknown) => (error as Error).message));
      await worker.terminate();
    }
    on.mockRestore();
    expect(messages).toEqual([
      'The thread of the partner simulator ended with code 0 before it listened.',
      'out of memory',
    ]);
  });

  describe('whose thread ends', () => {
    let died: Error[];
    let worker: Worker;

    beforeEach(async () => {
      died = [];
      const emit = jest.spyOn(Worker.prototype, 'emit');
      simulator = await PartnerSimulator.start(0, (error) => died.push(error));
      worker = emit.mock.contexts.at(-1) as Worker;
      emit.mockRestore();
    });

    it('by itself calls back, with its error', async () => {
      const error = new Error('out of memory');
      worker.emit('error', error);
      await worker.terminate();
      expect(died).toEqual([error]);
    });

    it('without an error calls back too', async () => {
      await worker.terminate();
      expect(died).toMatchObject([{ message: 'The thread ended with code 1.' }]);
    });

    it('because it is closed does not call back', async () => {
      await simulator?.close();
      expect(died).toEqual([]);
    });
  });
});
