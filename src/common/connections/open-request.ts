import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A request that is not answered yet; it ends with its answer, or with its connection. */
export class OpenRequest {
  private readonly listeners = new Set<() => void>();
  private ended = false;

  /** @param answer absent where nothing is written */
  constructor(private readonly answer?: ServerResponse) {}

  /** True once the first byte of its answer is written, until the last is. */
  get isAnswering(): boolean {
    return this.answer?.headersSent === true && !this.answer.writableFinished;
  }

  /** Calls back once when the request ends, at once where it has ended. */
  onEnd(listener: () => void): void {
    if (this.ended) listener();
    else this.listeners.add(listener);
  }

  /** To be called by whoever sees the end. */
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
 * The open request of an answer; the same one whenever it is asked for.
 *
 * An answer whose turn on a pipelined connection has not come has no socket yet, and Node does not close it with the
 * connection. So the connection itself is watched.
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

/** How many requests of a connection are not answered yet. */
export function countOpenRequests(socket: Socket): number {
  return bySocket.get(socket)?.size ?? 0;
}

/** True where an answer is being written on a connection. */
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
