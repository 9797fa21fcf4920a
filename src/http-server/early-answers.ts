import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** How long a client may go on sending a body that nobody wants. */
const LINGER_MS = 30_000;

/** The request that each connection answers. */
const answered = new WeakMap<Socket, IncomingMessage>();

/**
 * Lets the client read an answer that is sent before its body has come whole, as a 413 is.
 *
 * A connection that is closed with unread bytes is reset, and the reset can overtake the answer. So where the server
 * would close it, only its own half is closed; what still comes is thrown away, until the client has sent all, has closed,
 * or 30 s have passed.
 */
export function lingerUntilRead(request: IncomingMessage): void {
  const { socket } = request;
  const isKnown = answered.has(socket);
  answered.set(socket, request);
  if (isKnown) return;
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    // A second wish to close, at a stop, counts.
    socket.destroySoon = close;
    const last = answered.get(socket) ?? request;
    if (last.complete || socket.destroyed) close();
    else throwAway(last, close);
  };
}

function throwAway(request: IncomingMessage, close: () => void): void {
  const { socket } = request;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  request.once('end', close);
  request.resume();
}
