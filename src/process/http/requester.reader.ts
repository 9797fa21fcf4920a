import type { FastifyRequest } from 'fastify';
import type { Requester } from '../commands/requester.js';

/** Reads the caller of a command from its request. */
export function readRequester({ id, ip, headers }: Pick<FastifyRequest, 'id' | 'ip' | 'headers'>): Requester {
  const forwarded = headers['x-forwarded-for'];
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(', ') : forwarded;
  return {
    requestId: id,
    clientAddress: ip,
    forwardedFor: forwardedFor?.slice(0, 255) ?? null,
    principal: null,
  };
}
