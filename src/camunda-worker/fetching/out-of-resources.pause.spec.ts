import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OutOfResourcesPause } from './out-of-resources.pause.js';

describe('OutOfResourcesPause', () => {
  let held: boolean[];
  let pause: OutOfResourcesPause;
  let error: jest.SpiedFunction<Logger['error']>;

  beforeEach(() => {
    jest.useFakeTimers();
    held = [];
    pause = new OutOfResourcesPause((isHeld) => held.push(isHeld));
    error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('pauses fetching once for all steps that fail by the shortage, and resumes it', () => {
    for (let step = 0; step < 10; step += 1) pause.note(new Error('EMFILE'));
    expect(held).toEqual([true]);
    jest.advanceTimersByTime(1_000);
    expect([held, error.mock.calls.length]).toEqual([[true, false], 1]);
  });

  it('pauses longer if the shortage persists, without another log line, and starts anew later', () => {
    pause.note(new Error('EMFILE'));
    jest.advanceTimersByTime(1_000);
    pause.note(new Error('EMFILE'));
    jest.advanceTimersByTime(999);
    expect([held, error.mock.calls.length]).toEqual([[true, false, true], 1]);
    jest.advanceTimersByTime(60_000);
    pause.note(new Error('EMFILE'));
    expect([held, error.mock.calls.length]).toEqual([[true, false, true, false, true], 2]);
  });
});
