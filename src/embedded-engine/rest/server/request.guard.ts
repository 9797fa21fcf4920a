import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** A request that is refused before its body is read. */
export interface GuardRefusal {
  readonly status: 401 | 403;
  readonly message: string;
}

const LOOPBACK_NAME = /^(localhost|.+\.localhost)$/;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;

/**
 * Protects the port of an engine from pages in the browser of its user and from other users of the machine.
 *
 * A page may send a form to any address without being asked, so a foreign `Origin` is refused. A page whose name resolves to
 * this machine (DNS rebinding) has the same origin, so on a loopback address only names of this machine are accepted as
 * `Host`. All other programs need the token.
 */
export class RequestGuard {
  private readonly expected: Buffer;
  private readonly isLoopback: boolean;

  /** @param address on which the server listens */
  constructor(token: string, address: string) {
    this.expected = digest(token);
    this.isLoopback = isOfThisMachine(address);
  }

  /** Why a request is refused; null if it is not. */
  refusalOf({ host, origin, authorization }: IncomingHttpHeaders): GuardRefusal | null {
    if (this.isLoopback && !isOfThisMachine(hostnameOf(host)))
      return {
        status: 403,
        message: 'The Host header must be a name of this machine, for example localhost.',
      };
    if (origin !== undefined && !isSameOrigin(origin, host))
      return { status: 403, message: 'Pages of other websites may not call the engine.' };
    const [scheme = '', token = ''] = (authorization ?? '').split(/ +/, 2);
    if (scheme.toLowerCase() !== 'bearer' || !timingSafeEqual(digest(token), this.expected))
      return { status: 401, message: 'The engine needs its token: Authorization: Bearer …' };
    return null;
  }
}

/** Of equal length, so that the comparison takes the same time for every token. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The host without its port, in lower case; empty if there is none. */
function hostnameOf(host = ''): string {
  return /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host)?.[1]?.toLowerCase() ?? '';
}

function isOfThisMachine(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return isIP(bare) === 0 ? LOOPBACK_NAME.test(bare) : LOOPBACK_ADDRESS.test(bare);
}

function isSameOrigin(origin: string, host = ''): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}`;
}
