import type { FastifyReply } from 'fastify';

/** Calls back when the client of a request is gone, at once where it is gone already. */
export type OnClientGone = (gone: () => void) => void;

/** Watches the client of an answer that is not written yet. */
export function onClientGone({ raw }: FastifyReply): OnClientGone {
  return (gone) => {
    // The claim of a start takes a moment, and a `close` that came during it is not told again.
    if (raw.destroyed) gone();
    else raw.once('close', gone);
  };
}
