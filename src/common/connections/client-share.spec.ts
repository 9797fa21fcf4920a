import { describe, expect, it } from '@jest/globals';
import { ClientShare } from './client-share.js';
import { OpenRequest } from './open-request.js';

describe('ClientShare', () => {
  it('has a limit for each client and one for all, and frees the amount of a request when it ends', () => {
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

  it('lets the first amount of a client exceed its limit if the total allows it', () => {
    const share = new ClientShare(10, 5);
    const large = new OpenRequest();
    expect(share.take('a', large, 20)).toBeNull();
    expect(share.take('b', new OpenRequest(), 1)).toBe('all');
    large.end();
    expect(share.take('b', new OpenRequest(), 7)).toBeNull();
    expect(share.take('b', new OpenRequest(), 1)).toBe('client');
  });

  it('holds nothing for a request that has ended', () => {
    const share = new ClientShare(1, 1);
    const ended = new OpenRequest();
    ended.end();
    expect(share.take('a', ended)).toBeNull();
    expect(share.take('a', new OpenRequest())).toBeNull();
  });
});
