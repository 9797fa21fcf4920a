import type { FastifyRequest } from 'fastify';
import { callerName } from '../../auth/index.js';
import type { Requester } from '../commands/requester.js';

/** Reads the caller of a command from its request. */
export function readRequester(request: FastifyRequest): Requester {
  const { id, ip, headers } = request;
  const forwarded = headers['x-forwarded-for'];
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(', ') : forwarded;
  return {
    requestId: id,
    clientAddress: ip,
    forwardedFor: forwardedFor?.slice(0, 255) ?? null,
    principal: callerName(request),
  };
}
