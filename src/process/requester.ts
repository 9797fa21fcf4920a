import type { FastifyRequest } from 'fastify';

/** Who asked for a change of a process, as its request tells. */
export interface Requester {
  /** The `X-Request-Id` of the request, which its log line has too. */
  readonly requestId: string;
  /** Address at the other end of the connection: the client's, or that of the proxy in front of the service. */
  readonly clientAddress: string;
  /** `X-Forwarded-For` as it came, which nobody has checked, at most 255 characters; null if the request has none. */
  readonly forwardedFor: string | null;
  /** Who has signed in. Null: the service knows no authentication; whoever adds it sets this, and the trail has it. */
  readonly principal: string | null;
}

/** Reads who asked. */
export function requesterOf({ id, ip, headers }: Pick<FastifyRequest, 'id' | 'ip' | 'headers'>): Requester {
  const forwarded = headers['x-forwarded-for'];
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(', ') : forwarded;
  return {
    requestId: id,
    clientAddress: ip,
    forwardedFor: forwardedFor?.slice(0, 255) ?? null,
    principal: null,
  };
}
