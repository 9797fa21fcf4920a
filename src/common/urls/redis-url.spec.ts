import { describe, expect, it } from '@jest/globals';
import { parseRedisUrl } from './redis-url.js';

const NONE = {
  username: null,
  password: null,
  master: '',
  database: 0,
  sentinelUsername: null,
  sentinelPassword: null,
};

describe('parseRedisUrl', () => {
  it.each([
    ['redis://redis', { kind: 'single', tls: false, nodes: [{ host: 'redis', port: 6379 }] }],
    [
      'rediss://app:p%40ss@redis.example.com:6380/2',
      {
        kind: 'single',
        tls: true,
        nodes: [{ host: 'redis.example.com', port: 6380 }],
        username: 'app',
        password: 'p@ss',
        database: 2,
      },
    ],
    ['redis://:only@[::1]:7000', { kind: 'single', nodes: [{ host: '::1', port: 7000 }], password: 'only' }],
    [
      'redis+sentinel://app:secret@s1,s2:26380/mymaster/3?sentinelUsername=s&sentinelPassword=p%26q',
      {
        kind: 'sentinel',
        tls: false,
        nodes: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
        ],
        username: 'app',
        password: 'secret',
        master: 'mymaster',
        database: 3,
        sentinelUsername: 's',
        sentinelPassword: 'p&q',
      },
    ],
    [
      'rediss+cluster://n1:7001,n2:7002',
      {
        kind: 'cluster',
        tls: true,
        nodes: [
          { host: 'n1', port: 7001 },
          { host: 'n2', port: 7002 },
        ],
      },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseRedisUrl(text)).toEqual({ ...NONE, tls: false, ...expected });
  });

  it.each([
    '',
    'redis',
    'http://redis:6379',
    'redis://',
    'redis://a,b',
    'redis://redis:0',
    'redis://redis:99999',
    'redis://redis/one',
    'redis://redis/1/2',
    'redis://%zz@redis',
    'redis://redis :6379',
    'redis+sentinel://s1,s2',
    'redis+sentinel://s1,s2/',
    'redis+cluster://n1/1',
    'redis+other://n1',
  ])('refuses %j', (text) => {
    expect(parseRedisUrl(text)).toBeNull();
  });
});
