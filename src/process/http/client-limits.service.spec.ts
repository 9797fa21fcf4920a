import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../../auth/access/principal.js';
import { Grants } from '../../auth/access/scopes.js';
import type { HttpConfig } from '../../config/index.js';
import { ClientLimitsService } from './client-limits.service.js';

const ANN: Principal = { name: 'ann', kind: 'api-key', grants: Grants.all };

/** The reply of an open request. */
function replyTo(ip: string, principal: Principal | null = null): FastifyReply {
  const raw = new EventEmitter();
  return { raw, request: { ip, principal, raw: { socket: new EventEmitter() } } } as unknown as FastifyReply;
}

describe('ClientLimitsService', () => {
  const limits = (): ClientLimitsService =>
    new ClientLimitsService({
      waitsPerClient: 2,
      answersMaxBytes: 1,
      eventStreamsMax: 10,
      eventStreamsPerClient: 2,
    } as HttpConfig);

  it('counts the waits of an IPv6 network of /64 as those of one client', () => {
    const service = limits();
    const mayWait = (ip: string): boolean => service.mayWait(replyTo(ip));
    expect([mayWait('2001:db8::1'), mayWait('2001:db8::2'), mayWait('2001:db8::3')]).toEqual([
      true,
      true,
      false,
    ]);
    expect([mayWait('2001:db8:0:1::1'), mayWait('10.0.0.1'), mayWait('10.0.0.2')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('counts a principal at any address, until its requests end', () => {
    const service = limits();
    const first = replyTo('10.0.0.1', ANN);
    const mayWait = (): boolean => service.mayWait(replyTo('10.0.0.2', ANN));
    expect([service.mayWait(first), mayWait(), mayWait()]).toEqual([true, true, false]);
    first.raw.emit('close');
    expect([mayWait(), mayWait()]).toEqual([true, false]);
  });
});
