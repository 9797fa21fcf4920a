import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TokenError } from './engine.authorization.js';
import { TokenAuthorization } from './token.authorization.js';
import type { AccessToken } from './token.client.js';

interface Request {
  resolve(expiresInS: number | null): void;
  reject(error: unknown): void;
}

describe('TokenAuthorization', () => {
  let requests: Request[];
  let observed: string[];
  let authorization: TokenAuthorization;

  beforeEach(() => {
    jest.useFakeTimers();
    requests = [];
    observed = [];
    authorization = new TokenAuthorization(
      {
        request: () =>
          new Promise<AccessToken>((resolve, reject) => {
            const number = requests.length + 1;
            requests.push({
              resolve: (expiresInS) => {
                resolve({ token: `t${number}`, expiresInS });
              },
              reject,
            });
          }),
      },
      {
        tokenReceived: () => observed.push('received'),
        tokenFailed: ({ message }, hasToken) => observed.push(`${message}, ${hasToken}`),
      },
    );
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Answers the last request for a token and returns the header that a call gets. */
  async function answered(expiresInS: number | null): Promise<string> {
    const header = authorization.header();
    requests.at(-1)?.resolve(expiresInS);
    return header;
  }

  const failing = (message: string): Promise<string> => {
    const header = Promise.resolve(authorization.header());
    requests.at(-1)?.reject(new TokenError(message, false));
    return header.catch((error: unknown) => (error as Error).message);
  };

  it('requests one token for all calls that wait', async () => {
    const headers = Promise.all([authorization.header(), authorization.header(), authorization.header()]);
    requests[0]?.resolve(300);
    expect(await headers).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
    expect(requests).toHaveLength(1);
    expect(authorization.header()).toBe('Bearer t1');
  });

  it('refreshes a token before its end without a wait of the calls', async () => {
    await answered(300);
    jest.advanceTimersByTime(239_000);
    expect([authorization.header(), requests.length]).toEqual(['Bearer t1', 1]);
    jest.advanceTimersByTime(2_000);
    expect([authorization.header(), authorization.header(), requests.length]).toEqual([
      'Bearer t1',
      'Bearer t1',
      2,
    ]);
    await answered(300);
    expect(authorization.header()).toBe('Bearer t2');
  });

  it('waits for a new token if the old one has ended', async () => {
    await answered(300);
    jest.advanceTimersByTime(296_000);
    expect(await answered(300)).toBe('Bearer t2');
  });

  it('keeps the old token while a refresh fails, and asks again after a pause', async () => {
    await answered(300);
    jest.advanceTimersByTime(250_000);
    expect(await failing('away')).toBe('Bearer t1');
    expect([authorization.header(), requests.length, observed.at(-1)]).toEqual([
      'Bearer t1',
      2,
      'away, true',
    ]);
    jest.advanceTimersByTime(600);
    expect([authorization.header(), requests.length]).toEqual(['Bearer t1', 3]);
    expect(await answered(300)).toBe('Bearer t1');
    expect([authorization.header(), observed]).toEqual(['Bearer t3', ['received', 'away, true', 'received']]);
  });

  it('fails calls at once during the pause after a failure, which grows to 15 s', async () => {
    for (const pauseMs of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      expect(await failing('away')).toBe('away');
      const { length } = requests;
      jest.advanceTimersByTime(pauseMs - 1);
      expect(await failing('unused')).toBe('away');
      expect(requests).toHaveLength(length);
      jest.advanceTimersByTime(1);
    }
  });

  it('takes any failure of the source for a passing one', async () => {
    const header = Promise.resolve(authorization.header());
    requests[0]?.reject(new Error('secret'));
    await expect(header).rejects.toEqual(new TokenError('it cannot be asked', false));
  });

  it('uses a token without expires_in for five minutes, and one that never ends for a day', async () => {
    await answered(null);
    jest.advanceTimersByTime(200_000);
    expect([authorization.header(), requests.length]).toEqual(['Bearer t1', 1]);
    jest.advanceTimersByTime(100_000);
    expect(await answered(1e300)).toBe('Bearer t2');
    jest.advanceTimersByTime(86_000_000);
    expect([authorization.header(), requests.length]).toEqual(['Bearer t2', 2]);
    jest.advanceTimersByTime(400_000);
    expect(await answered(1)).toBe('Bearer t3');
  });

  it('uses a token with a life of no seconds for the calls that wait for it', async () => {
    expect(await answered(0)).toBe('Bearer t1');
    expect(await answered(0)).toBe('Bearer t2');
  });

  it('does not read the clock of the machine', async () => {
    await answered(300);
    jest.setSystemTime(Date.now() + 86_400_000);
    expect([authorization.header(), requests.length]).toEqual(['Bearer t1', 1]);
    jest.setSystemTime(0);
    jest.advanceTimersByTime(296_000);
    expect(await answered(300)).toBe('Bearer t2');
  });

  it('replaces a refused token once for all calls that were refused', async () => {
    await answered(300);
    const renewed = Promise.all([authorization.renew('Bearer t1'), authorization.renew('Bearer t1')]);
    requests.at(-1)?.resolve(300);
    expect(await renewed).toEqual(['Bearer t2', 'Bearer t2']);
    expect(requests).toHaveLength(2);
    // A call that was sent with the old token and answered late.
    expect(await authorization.renew('Bearer t1')).toBe('Bearer t2');
    expect(requests).toHaveLength(2);
  });

  it('does not replace token after token for an engine that refuses all of them', async () => {
    await answered(300);
    const renewed = authorization.renew('Bearer t1');
    requests.at(-1)?.resolve(300);
    await renewed;
    for (let call = 0; call < 20; call += 1) expect(await authorization.renew('Bearer t2')).toBeNull();
    expect(requests).toHaveLength(2);
    jest.advanceTimersByTime(10_000);
    const again = authorization.renew('Bearer t2');
    requests.at(-1)?.resolve(300);
    expect(await again).toBe('Bearer t3');
  });

  it('replaces a token that was accepted before, after a second', async () => {
    await answered(300);
    const renewed = authorization.renew('Bearer t1');
    requests.at(-1)?.resolve(300);
    await renewed;
    authorization.accepted();
    expect(await authorization.renew('Bearer t2')).toBeNull();
    jest.advanceTimersByTime(1_000);
    const again = authorization.renew('Bearer t2');
    requests.at(-1)?.resolve(300);
    expect(await again).toBe('Bearer t3');
  });

  it('has no other token if the endpoint issues the same again', async () => {
    const same = new TokenAuthorization(
      { request: () => Promise.resolve({ token: 'same', expiresInS: 300 }) },
      { tokenReceived: () => undefined, tokenFailed: () => undefined },
    );
    expect(await same.header()).toBe('Bearer same');
    expect(await same.renew('Bearer same')).toBeNull();
  });

  it('rejects a repetition if no new token can be obtained', async () => {
    await answered(300);
    const renewed = authorization.renew('Bearer t1');
    requests.at(-1)?.reject(new TokenError('away', false));
    await expect(renewed).rejects.toThrow('away');
  });
});
