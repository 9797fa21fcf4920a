import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../common/errors/index.js';
import { countJson } from '../common/json/index.js';
import type { HttpConfig } from '../config/index.js';

/** Routes whose body is optional. */
const BODY_OPTIONAL: ReadonlySet<string> = new Set([
  '/api/process/cancel/:correlationId',
  '/api/process/tasks/:taskId/unclaim',
  '/api/process/tasks/:taskId/complete',
]);

/** Length of the shortest member, `"":0,`, and of the shortest item, `0,`. */
const MEMBER_BYTES = 5;
const ITEM_BYTES = 2;

/**
 * Treats an empty body like an absent one on the routes whose body is optional, with any headers: a length of 0, chunks
 * without content, any `Content-Type`.
 */
export function ignoreEmptyBodies(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', async (request, _reply, payload) => {
    const { headers } = request.raw;
    if (!BODY_OPTIONAL.has(request.routeOptions.url ?? '')) return payload;
    const isEmpty = headers['transfer-encoding'] === undefined || (await endsEmpty(payload));
    if (isEmpty && Number(headers['content-length'] ?? 0) === 0) {
      delete headers['content-type'];
      delete headers['transfer-encoding'];
    }
    return payload;
  });
}

/** True if a stream ends without content; any content stays in the stream. */
function endsEmpty(stream: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (isEmpty: boolean): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', reject).off('close', onEnd);
      resolve(isEmpty);
    };
    const onEnd = (): void => {
      settle(true);
    };
    const onReadable = (): void => {
      const chunk = stream.read() as Buffer | null;
      if (chunk === null) return;
      stream.unshift(chunk);
      settle(false);
    };
    stream.on('readable', onReadable).once('end', onEnd).once('error', reject).once('close', onEnd);
  });
}

/** Removes all body parsers but JSON, which refuses members that could change a prototype. */
export function acceptOnlyJson(fastify: FastifyInstance, limits: HttpConfig): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0 && BODY_OPTIONAL.has(request.routeOptions.url ?? '')) {
      done(null, undefined);
      return;
    }
    const fault = bodyFault(bytes, request.headers) ?? sizeFault(bytes, limits);
    if (fault !== null) {
      done(fault);
      return;
    }
    void parse(request, bytes.toString(), (error, value) => {
      if (error === null) done(null, value);
      else done(parseFault(bytes.toString(), error));
    });
  });
}

/** The problem of a body that the parser refused: invalid JSON, or a member that could change a prototype. */
function parseFault(text: string, cause: Error): ProblemError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = /at position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    const place = position === undefined ? '' : `, ${position}`;
    const detail = `The body is not well-formed JSON${place}. Nothing was kept.`;
    return new ProblemError('malformed-json', detail, { cause });
  }
  const pointer = forbiddenMember(value);
  return new ProblemError(
    'invalid-request',
    'The body has a member whose name is not allowed, __proto__ or constructor; see errors. Nothing was kept.',
    { cause, errors: pointer === null ? [] : [{ pointer, detail: 'this name is not allowed' }] },
  );
}

/** JSON Pointer of the first member that could change a prototype; null if there is none. */
function forbiddenMember(value: unknown): string | null {
  const open: { readonly value: unknown; readonly pointer: string }[] = [{ value, pointer: '' }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (typeof entry.value !== 'object' || entry.value === null) continue;
    for (const [name, member] of Object.entries(entry.value)) {
      const pointer = `${entry.pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (name === '__proto__' || (name === 'constructor' && hasPrototype(member))) return pointer;
      open.push({ value: member, pointer });
    }
  }
  return null;
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

/** The problem of a body that is not parsed at all; null if it is. */
function bodyFault(body: Buffer, headers: IncomingHttpHeaders): ProblemError | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    return new ProblemError(
      'unsupported-media-type',
      'The body has a Content-Encoding; send it without one. Nothing was kept.',
    );
  }
  if (body.length === 0) {
    return new ProblemError('malformed-json', 'The body is empty: send a JSON object. Nothing was kept.');
  }
  // Invalid bytes would be decoded to another text than the client has sent.
  return isUtf8(body)
    ? null
    : new ProblemError('malformed-json', 'The body is not UTF-8, as JSON must be. Nothing was kept.');
}

/** Refuses a body with too many members or items before it is parsed, because each of them costs time later. */
function sizeFault(body: Buffer, { jsonMaxMembers, jsonMaxItems }: HttpConfig): ProblemError | null {
  // Most bodies are too short to exceed a limit.
  if (body.length <= Math.min(jsonMaxMembers * MEMBER_BYTES, jsonMaxItems * ITEM_BYTES)) return null;
  const { members, items } = countJson(body);
  const excess =
    members > jsonMaxMembers
      ? `${members} members in its objects; HTTP_JSON_MAX_MEMBERS allows ${jsonMaxMembers}`
      : items > jsonMaxItems
        ? `${items} items in its arrays; HTTP_JSON_MAX_ITEMS allows ${jsonMaxItems}`
        : null;
  return excess === null
    ? null
    : new ProblemError(
        'too-many-members',
        `The body has, counted over every depth, ${excess}. Nothing was kept. Send less, or a part of it as a JSON text.`,
      );
}
