import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds that a client may continue to send a body that is not needed. */
const LINGER_MS = 30_000;

/** The request that is being answered on each connection. */
const answered = new WeakMap<Socket, IncomingMessage>();

/**
 * Lets the client read an answer that is sent before the request's body has arrived completely, for example a 413.
 *
 * Closing a connection with unread bytes resets it, and the reset can overtake the answer. Therefore only the server's
 * half is closed. Further bytes are discarded until the client has sent everything, has closed, or 30 s have elapsed.
 */
export function lingerUntilRead(request: IncomingMessage): void {
  const { socket } = request;
  const isKnown = answered.has(socket);
  answered.set(socket, request);
  if (isKnown) return;
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    // A second call, at a stop, closes the connection.
    socket.destroySoon = close;
    const last = answered.get(socket) ?? request;
    if (last.complete || socket.destroyed) close();
    else discardRest(last, close);
  };
}

function discardRest(request: IncomingMessage, close: () => void): void {
  const { socket } = request;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  request.once('end', close);
  request.resume();
}
