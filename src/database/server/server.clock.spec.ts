import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ServerClock } from './server.clock.js';

const SERVER = Date.UTC(2026, 0, 1);

describe('ServerClock', () => {
  let monotonic: number;
  let clock: ServerClock;
  let ask: () => Promise<Date>;

  beforeEach(() => {
    monotonic = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic);
    ask = async () => new Date(SERVER);
    clock = new ServerClock(() => ask());
  });

  afterEach(() => {
    clock.close();
    jest.restoreAllMocks();
  });

  it('runs with the server, whatever the clock of the machine says', async () => {
    await clock.compare();
    monotonic += 5_000;
    jest.spyOn(Date, 'now').mockReturnValue(0);
    expect(clock.now().getTime()).toBe(SERVER + 5_000);
  });

  it('is not set back by the error of a comparison, but by the clock of another server', async () => {
    await clock.compare();
    const before = clock.now().getTime();
    ask = async () => new Date(SERVER - 30);
    await clock.compare();
    expect(clock.now().getTime()).toBe(before);
    monotonic += 50;
    expect(clock.now().getTime()).toBe(before + 20);
    ask = async () => new Date(SERVER - 120_000);
    await clock.compare();
    expect(clock.now().getTime()).toBe(SERVER - 120_000);
  });

  it('takes the middle of the answer, and ignores an answer during which the process was paused', async () => {
    ask = async () => {
      monotonic += 100;
      return new Date(SERVER);
    };
    await clock.compare();
    expect(clock.now().getTime()).toBe(SERVER + 50);
    ask = async () => {
      monotonic += 60_000;
      return new Date(SERVER);
    };
    await clock.compare();
    expect(clock.now().getTime()).toBe(SERVER + 60_050);
  });
});
