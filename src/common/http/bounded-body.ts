import type { Readable } from 'node:stream';

/**
 * Reads a body up to a limit.
 *
 * @returns its text, and whether it was cut
 */
export function readBounded(body: Readable, maxBytes: number): Promise<{ text: string; cut: boolean }> {
  // By events, because an async iterator of a stream costs more than all that is read here as a rule.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let room = maxBytes;
    let ended = false;
    const end = (cut: boolean): void => {
      ended = true;
      resolve({ text: Buffer.concat(chunks).toString('utf8'), cut });
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

/** Parses a text of a JSON content type; any other, and one that does not parse, stays a text; an empty one is null. */
export function parseBody(contentType: string | null, text: string): unknown {
  if (text === '') return null;
  if (contentType === null || !/^application\/([\w.-]+\+)?json\b/i.test(contentType)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A URL as it may be logged: no credentials, no fragment, query names without their values. */
export function describeUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=***`);
  return `${url.origin}${url.pathname}${names.length > 0 ? `?${names.join('&')}` : ''}`;
}
