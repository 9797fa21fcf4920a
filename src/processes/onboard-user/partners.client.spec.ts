import { describe, expect, it } from '@jest/globals';
import type { HandlerTask } from '../../camunda-worker/index.js';
import { PartnersClient } from './partners.client.js';

describe('PartnersClient', () => {
  /** The URLs that are called with these base URLs. */
  async function called(backgroundCheckUrl: string, onboardingApiUrl: string): Promise<string[]> {
    const urls: string[] = [];
    const task = {
      attempt: 1,
      taskId: 'task-1',
      http: {
        post: (url: string | URL) => {
          urls.push(String(url));
          return Promise.resolve({
            status: 200,
            headers: {},
            body: { cleared: true, success: true, userId: 'u' },
          });
        },
      },
    } as unknown as HandlerTask;
    const client = new PartnersClient({ backgroundCheckUrl, onboardingApiUrl });
    await client.checkBackground('u', task);
    await client.onboard({ userId: 'u', email: null }, task);
    return urls;
  }

  it('calls below its base URLs', async () => {
    expect(await called('http://a', 'http://b/api/v2')).toEqual([
      'http://a/background-checks',
      'http://b/api/v2/onboardings',
    ]);
  });

  it('keeps the query of a base URL', async () => {
    expect(await called('http://a/v1?key=k%2F1&x=/', 'http://b/?v=2')).toEqual([
      'http://a/v1/background-checks?key=k%2F1&x=/',
      'http://b/onboardings?v=2',
    ]);
  });
});
