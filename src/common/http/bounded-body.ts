import type { Readable } from 'node:stream';

/** What was read of a body. */
export interface BoundedBody {
  readonly bytes: Buffer;
  /** Whether there was more than the limit. */
  readonly cut: boolean;
}

/** Reads a body up to a limit. */
export function readBounded(body: Readable, maxBytes: number): Promise<BoundedBody> {
  // By events, because an async iterator of a stream costs more than all that is read here as a rule.
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
      // Ends the connection too, which still carries the rest.
      body.destroy();
    });
    body.once('end', () => {
      end(false);
    });
    body.on('error', reject);
    // Without an end: nothing more comes. Where there was an error, this says nothing new.
    body.once('close', () => {
      if (!ended) reject(new Error('The body ended before it was whole.'));
    });
  });
}
