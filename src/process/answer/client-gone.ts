import type { FastifyReply } from 'fastify';
import { openRequestOf } from '../../common/connections/index.js';

/** Calls back when the client of a request is gone, at once where it is gone already. */
export type OnClientGone = (gone: () => void) => void;

/** Watches the client of an answer that is not written yet, also where its turn on the connection has not come. */
export function onClientGone({ request, raw }: FastifyReply): OnClientGone {
  return (gone) => {
    openRequestOf(request.raw, raw).onEnd(gone);
  };
}
