import type { Readable } from 'node:stream';

/** The bytes that were read of a body. */
export interface BoundedBody {
  readonly bytes: Buffer;
  /** True if the body was longer than the limit. */
  readonly cut: boolean;
}

/** Reads a body up to a limit. */
export function readBounded(body: Readable, maxBytes: number): Promise<BoundedBody> {
  // With events, because an async iterator is slower than the rest of a typical read.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let room = maxBytes;
    let ended = false;
    const end = (cut: boolean): void => {
      ended = true;
      resolve({ bytes: Buffer.concat(chunks), cut });
    };
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      room -= chunk.length;
      if (room >= 0) return;
      end(true);
      // Also closes the connection, on which the rest of the body would follow.
      body.destroy();
    });
    body.once('end', () => {
      end(false);
    });
    body.on('error', reject);
    // Closed without an end: the body is incomplete. After an error this has no effect.
    body.once('close', () => {
      if (!ended) reject(new Error('The body ended before it was whole.'));
    });
  });
}
