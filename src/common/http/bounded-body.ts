import type { Readable } from 'node:stream';

/**
 * Reads a body up to a limit.
 *
 * @returns its text, and whether it was cut
 */
export async function readBounded(body: Readable, maxBytes: number): Promise<{ text: string; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const room = maxBytes - length;
    if (chunk.length > room) {
      chunks.push(chunk.subarray(0, room));
      // Leaving the loop destroys the stream, and with it the connection that still carries the rest.
      return { text: Buffer.concat(chunks).toString('utf8'), cut: true };
    }
    chunks.push(chunk);
    length += chunk.length;
  }
  return { text: Buffer.concat(chunks).toString('utf8'), cut: false };
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
