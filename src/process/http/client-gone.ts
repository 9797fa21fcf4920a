import type { FastifyReply } from 'fastify';
import { openRequestOf } from '../../common/connections/index.js';
import type { OnCallerGone } from '../commands/caller-gone.js';

/** Watches the client of an unfinished answer, even if earlier requests of the connection are not answered yet. */
export function onClientGone({ request, raw }: FastifyReply): OnCallerGone {
  return (gone) => {
    openRequestOf(request.raw, raw).onEnd(gone);
  };
}
