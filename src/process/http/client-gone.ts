import type { FastifyReply } from 'fastify';
import { openRequestOf } from '../../common/connections/index.js';
import type { OnCallerGone } from '../commands/caller-gone.js';

/** Watches the client of an answer that is not written yet, also where its turn on the connection has not come. */
export function onClientGone({ request, raw }: FastifyReply): OnCallerGone {
  return (gone) => {
    openRequestOf(request.raw, raw).onEnd(gone);
  };
}
