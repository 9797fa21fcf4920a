import { describe, expect, it } from '@jest/globals';
import { ClientShare } from './client-share.js';
import { OpenRequest } from './open-request.js';

describe('ClientShare', () => {
  it('has a bound for each client and one for all, and takes back what a request had', () => {
    const share = new ClientShare(3, 2);
    const first = new OpenRequest();
    expect(share.take('a', first)).toBeNull();
    expect(share.take('a', new OpenRequest())).toBeNull();
    expect(share.take('a', new OpenRequest())).toBe('client');
    expect(share.take('b', new OpenRequest())).toBeNull();
    expect(share.take('b', new OpenRequest())).toBe('all');
    first.end();
    first.end();
    expect(share.take('b', new OpenRequest())).toBeNull();
    expect(share.take('c', new OpenRequest())).toBe('all');
  });

  it('lets a client that has nothing take more than its part, as long as nobody is in the way', () => {
    const share = new ClientShare(10, 5);
    const large = new OpenRequest();
    expect(share.take('a', large, 20)).toBeNull();
    expect(share.take('b', new OpenRequest(), 1)).toBe('all');
    large.end();
    expect(share.take('b', new OpenRequest(), 7)).toBeNull();
    expect(share.take('b', new OpenRequest(), 1)).toBe('client');
  });

  it('takes nothing for a request that has ended', () => {
    const share = new ClientShare(1, 1);
    const ended = new OpenRequest();
    ended.end();
    expect(share.take('a', ended)).toBeNull();
    expect(share.take('a', new OpenRequest())).toBeNull();
  });
});
