import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EngineAccessMonitor } from './engine-access.monitor.js';

const FETCH = { method: 'POST', path: '/external-task/fetchAndLock' };
const START = { method: 'POST', path: '/process-definition/key/onboard-user/start' };
const complete = (id: string) => ({ method: 'POST', path: `/external-task/${id}/complete` });

describe('EngineAccessMonitor', () => {
  let access: EngineAccessMonitor;
  let errors: jest.SpiedFunction<Logger['error']>;
  let logs: jest.SpiedFunction<Logger['log']>;

  beforeEach(() => {
    jest.useFakeTimers();
    access = new EngineAccessMonitor();
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    logs = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  function note(call: { method: string; path: string }, status: number): string {
    jest.advanceTimersByTime(1);
    access.note(call, status);
    return access.state.status;
  }

  it('is granted if the engine answers, with any status but 401 and 403', () => {
    expect([note(FETCH, 200), note(START, 500), note(START, 404)]).toEqual(['granted', 'granted', 'granted']);
  });

  it.each([401, 403])(
    'is refused where everything is answered %i: one error line, which names the variable',
    (status) => {
      for (let round = 0; round < 5; round += 1) {
        note(FETCH, status);
        note(START, status);
      }
      expect(access.state).toMatchObject({
        status: 'refused',
        message: expect.stringMatching(/refuses everything: .*CAMUNDA_BASE_URL/) as unknown,
      });
      expect(
        errors.mock.calls.filter(([line]) => (line as { msg: string }).msg.includes('everything')),
      ).toHaveLength(1);
    },
  );

  it('is granted again when the credentials work again, and logs that once', () => {
    note(FETCH, 401);
    note(START, 401);
    expect([note(FETCH, 200), note(START, 200), note(FETCH, 200)]).toEqual(['partial', 'granted', 'granted']);
    expect(logs).toHaveBeenCalledTimes(1);
  });

  it('is refused too if credentials that worked are revoked', () => {
    note(FETCH, 200);
    note(START, 403);
    note(FETCH, 200);
    expect(access.state.status).toBe('partial');
    expect([note(FETCH, 401), access.state.status]).toEqual(['refused', 'refused']);
  });

  it('names the refused calls if others are answered, once for each kind of call', () => {
    note(FETCH, 200);
    for (const id of ['8d0b7a0e-1111', '8d0b7a0e-2222']) note(complete(id), 403);
    note(FETCH, 200);
    expect(access.state).toMatchObject({
      status: 'partial',
      calls: ['POST /external-task/{id}/complete (403)'],
      message: expect.stringMatching(
        /refuses POST \/external-task\/\{id\}\/complete \(403\): check user/,
      ) as unknown,
    });
    expect(errors).toHaveBeenCalledTimes(1);
  });

  it('keeps a limited number of refused calls, and always the poll', () => {
    note(FETCH, 200);
    const letters = 'abcdefghij';
    for (const a of letters) {
      for (const b of letters) note({ method: 'POST', path: `/process-definition/key/${a}${b}/start` }, 403);
    }
    expect((access.state as { calls?: readonly string[] }).calls).toHaveLength(50);
    expect(note(FETCH, 403)).toBe('refused');
  });
});
