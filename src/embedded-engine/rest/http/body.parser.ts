import type { RequestBody } from './http.types.js';
import { isTooDeep, MAX_JSON_DEPTH } from './json.depth.js';

/**
 * Reads a body that is not a form. A client that sends nothing sends the literal `null` as JSON (Java) or no body and no
 * content type (JavaScript); both are empty bodies.
 */
export function parseBody(contentType: string | undefined, content: Buffer | undefined): RequestBody {
  if (content === undefined || content.length === 0) return { kind: 'none' };
  if (contentType !== undefined && !/^[\w.+-]+\/(?:[\w.+-]+\+)?json\b/i.test(contentType)) {
    return { kind: 'other', contentType };
  }
  const text = content.toString('utf8').trim();
  if (text === '') return { kind: 'none' };
  if (isTooDeep(text)) return { kind: 'malformed', reason: `it nests deeper than ${MAX_JSON_DEPTH}` };
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown };
  } catch (error) {
    return { kind: 'malformed', reason: error instanceof Error ? error.message : 'it is not JSON' };
  }
}
