import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ArgumentsHost, Logger } from '@nestjs/common';
import { ProblemFilter } from './problem.filter.js';

describe('ProblemFilter', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** The log lines of an error. */
  function linesOf(error: unknown, correlationId: string | null): unknown[] {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const request = { id: 'r-1', url: '/things', correlationId };
    const http = { getRequest: () => request, getResponse: () => ({ sent: true }) };
    new ProblemFilter().catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
    return log.mock.calls.map(([line]) => line as unknown);
  }

  it('logs an unexpected error with the known ids of its request', () => {
    const err = new Error('disk on fire');
    expect(linesOf(err, 'c-1')).toStrictEqual([
      { msg: 'A request failed.', requestId: 'r-1', correlationId: 'c-1', err },
    ]);
    jest.restoreAllMocks();
    expect(linesOf(err, null)).toStrictEqual([{ msg: 'A request failed.', requestId: 'r-1', err }]);
  });
});
