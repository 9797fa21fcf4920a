import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Pattern of a request id from a client or another service. */
const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** The id of a request: its `X-Request-Id` if that is valid, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && isRequestId(given) ? given : randomUUID();
}

/** True if the text is a valid request id. */
export function isRequestId(text: string): boolean {
  return REQUEST_ID_PATTERN.test(text);
}
