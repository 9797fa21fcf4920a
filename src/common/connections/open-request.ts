import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A request without a complete answer; it ends with its answer or its connection. */
export class OpenRequest {
  private readonly listeners = new Set<() => void>();
  private ended = false;

  /** @param answer absent if no answer is written */
  constructor(private readonly answer?: ServerResponse) {}

  /** True from the first byte of its answer to the last one. */
  get isAnswering(): boolean {
    return this.answer?.headersSent === true && !this.answer.writableFinished;
  }

  /** Registers a callback for the end of the request; called at once if it has ended. */
  onEnd(listener: () => void): void {
    if (this.ended) listener();
    else this.listeners.add(listener);
  }

  /** Ends the request; further calls have no effect. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }
}

const bySocket = new WeakMap<Socket, Set<OpenRequest>>();
const byAnswer = new WeakMap<ServerResponse, OpenRequest>();

/**
 * Returns the open request of an answer, always the same object.
 *
 * A queued answer of a pipelined connection has no socket yet, and Node does not close it with the connection. Therefore
 * the close of the connection itself is observed.
 */
export function openRequestOf(
  { socket }: Pick<IncomingMessage, 'socket'>,
  answer: ServerResponse,
): OpenRequest {
  const known = byAnswer.get(answer);
  if (known !== undefined) return known;
  const opened = new OpenRequest(answer);
  byAnswer.set(answer, opened);
  if (socket.destroyed || answer.destroyed) {
    opened.end();
    return opened;
  }
  const others = openOn(socket);
  others.add(opened);
  answer.once('close', () => {
    others.delete(opened);
    opened.end();
  });
  return opened;
}

/** Number of open requests on a connection. */
export function countOpenRequests(socket: Socket): number {
  return bySocket.get(socket)?.size ?? 0;
}

/** True if an answer is being written on a connection. */
export function isAnswering(socket: Socket): boolean {
  for (const request of bySocket.get(socket) ?? []) if (request.isAnswering) return true;
  return false;
}

function openOn(socket: Socket): Set<OpenRequest> {
  const known = bySocket.get(socket);
  if (known !== undefined) return known;
  const opened = new Set<OpenRequest>();
  bySocket.set(socket, opened);
  socket.once('close', () => {
    for (const each of opened) each.end();
    opened.clear();
  });
  return opened;
}
