import type { Readable } from 'node:stream';
import { promisify, TextDecoder } from 'node:util';
import {
  brotliDecompress,
  type BrotliOptions,
  constants,
  gunzip,
  inflate,
  inflateRaw,
  type ZlibOptions,
} from 'node:zlib';
import iconv from 'iconv-lite';
import { parseJson } from '../json/index.js';
import { type BoundedBody, readBounded } from './bounded-body.js';

/** Most encodings of a body; more than one is rare, and each takes memory. */
const MAX_ENCODINGS = 3;

/** An answer with an unread body. */
export interface RawAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** A body that does not match its headers; status and headers were received. */
export class UnreadableBodyError extends Error {
  override readonly name = 'UnreadableBodyError';
}

export interface AnswerBody extends BoundedBody {
  /** Decoded by the charset of `Content-Type`, without a byte order mark; null if the bytes are not valid in it. */
  readonly text: string | null;
  /** The charset's name. */
  readonly charset: string;
}

/**
 * Reads and decodes a body by its headers: `Content-Encoding` (gzip, deflate, br), which servers may send unasked, and
 * the charset of `Content-Type`, by default UTF-8.
 *
 * @param maxBytes most bytes of the decoded body; a longer one is cut
 * @throws UnreadableBodyError for an unknown encoding or charset, and if the bytes do not match them
 */
export async function readAnswerBody(answer: RawAnswer, maxBytes: number): Promise<AnswerBody> {
  const charset = charsetOf(headerOf(answer, 'content-type'));
  const encodings = encodingsOf(answer);
  try {
    requireCharset(charset);
    requireEncodings(encodings);
  } catch (error) {
    // An unread body would keep its connection.
    answer.body.on('error', () => undefined).destroy();
    throw error;
  }
  let body = await readBounded(answer.body, maxBytes);
  for (const encoding of encodings) body = await decode(encoding, body, maxBytes);
  return { text: textOf(body, charset), charset, ...body };
}

/**
 * Parses a body with a JSON content type. A body of another type, or one that is not valid JSON, stays a string, or bytes
 * if it is not text. An empty body is null.
 *
 * @throws UnreadableBodyError for JSON that is not in its charset, or is nested too deeply for its long numbers
 */
export function parseBody(contentType: string | null, { text, bytes, charset }: AnswerBody): unknown {
  const isJson = contentType !== null && /^application\/([\w.-]+\+)?json\b/i.test(contentType);
  if (text === null) {
    if (isJson) throw new UnreadableBodyError(`the answer is not ${charset}, as its Content-Type says`);
    return bytes;
  }
  if (text === '') return null;
  if (!isJson) return text;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RangeError)
      throw new UnreadableBodyError('the answer is nested too deeply for the long numbers in it');
    return text;
  }
}

function headerOf({ headers }: RawAnswer, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(', ') : value) ?? null;
}

function charsetOf(contentType: string | null): string {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
}

/** Charsets that `TextDecoder` decodes strictly: UTF-8, its subset ASCII, and UTF-16. */
const UNICODE = /^(utf-?8|us-ascii|ascii|utf-16(le|be)?)$/;

/** @throws UnreadableBodyError for an unknown charset */
function requireCharset(charset: string): void {
  const isKnown: (name: string) => boolean = iconv.encodingExists;
  if (UNICODE.test(charset) || isKnown(charset)) return;
  throw new UnreadableBodyError(`the answer is in an unknown charset (${charset.slice(0, 40)})`);
}

function textOf({ bytes, cut }: BoundedBody, charset: string): string | null {
  if (!UNICODE.test(charset)) {
    // Not `TextDecoder`, which decodes ISO 8859-1 as windows-1252 on Node 20.
    const text = iconv.decode(bytes, charset);
    return text.includes('\ufffd') && !cut ? null : text;
  }
  try {
    // A cut body may end within a character.
    return new TextDecoder(byteOrder(charset, bytes), { fatal: !cut }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-16 in the byte order of its mark; `TextDecoder` would assume little-endian. */
function byteOrder(charset: string, bytes: Buffer): string {
  return charset === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : charset;
}

/** The encodings of a body from the last one applied to the first. */
function encodingsOf(answer: RawAnswer): string[] {
  const named = (headerOf(answer, 'content-encoding') ?? '').toLowerCase().split(',');
  const encodings = named.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  return encodings.reverse();
}

/** @throws UnreadableBodyError */
function requireEncodings(encodings: readonly string[]): void {
  if (encodings.length > MAX_ENCODINGS) throw new UnreadableBodyError('the answer is encoded too many times');
  for (const encoding of encodings) {
    if (DECOMPRESSORS.has(encoding)) continue;
    throw new UnreadableBodyError(`the answer has an unknown Content-Encoding (${encoding.slice(0, 40)})`);
  }
}

async function decode(encoding: string, body: BoundedBody, maxBytes: number): Promise<BoundedBody> {
  const decompress = DECOMPRESSORS.get(encoding);
  if (body.bytes.length === 0 || decompress === undefined) return body;
  try {
    // Only a cut body may end early.
    const finish = body.cut ? { finishFlush: constants.Z_SYNC_FLUSH } : {};
    return { bytes: await decompress(body.bytes, { maxOutputLength: maxBytes, ...finish }), cut: body.cut };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { bytes: Buffer.alloc(0), cut: true };
    throw new UnreadableBodyError(`the answer is not ${encoding}, as its Content-Encoding says`, { cause });
  }
}

type Decompressor = (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;

const ungzip = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const unbrotli = promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress);

const DECOMPRESSORS: ReadonlyMap<string, Decompressor> = new Map<string, Decompressor>([
  ['gzip', ungzip],
  ['x-gzip', ungzip],
  [
    'deflate',
    (bytes, options) =>
      // Some servers omit the zlib header; its first byte ends with the bits of 8.
      promisify<Buffer, ZlibOptions, Buffer>(((bytes[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(
        bytes,
        options,
      ),
  ],
  [
    'br',
    (bytes, { maxOutputLength }) => unbrotli(bytes, maxOutputLength === undefined ? {} : { maxOutputLength }),
  ],
]);
