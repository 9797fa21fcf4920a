import { parseJson } from '../common/json/index.js';
import { EngineTooLateError } from './engine.errors.js';

/** A part of a multipart body; a part with a file name is a resource of a deployment. */
export interface EnginePart {
  readonly name: string;
  readonly content: string;
  readonly filename?: string;
}

/** A request to the engine's REST API. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the REST base, with a leading slash; ids in it are already encoded. */
  readonly path: string;
  /** Undefined members are omitted. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly json?: unknown;
  readonly multipart?: readonly EnginePart[];
  /** Timeout in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Time of `performance.now()` after which the request must not be sent. */
  readonly notAfter?: number | undefined;
}

/** A response of any status. */
export interface EngineResponse {
  readonly status: number;
  readonly contentType: string | null;
  /** The parsed value if content type and text are JSON, else the text. */
  readonly body: unknown;
}

/**
 * Checks a request directly before it is sent: the process may have been paused since the caller was allowed to send it.
 *
 * @throws EngineTooLateError after the time of `notAfter`
 */
export function requireInTime(request: EngineRequest): void {
  if (request.notAfter !== undefined && performance.now() > request.notAfter)
    throw new EngineTooLateError(request, 'nothing was sent, because it was too late');
}

/** Parses the body for {@link EngineResponse}; integers beyond ±(2^53 − 1) become `bigint`. */
export function readResponseBody(contentType: string | null, text: string): unknown {
  if (!contentType?.toLowerCase().startsWith('application/json')) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/**
 * Sends requests to the engine. All calls of workers, starts, queries and deployments go through it.
 *
 * It repeats no request, because only the caller knows what a second request would mean.
 */
export abstract class EngineTransport {
  /**
   * @throws EngineUnreachableError or EngineTooLateError if nothing was sent
   * @throws EngineAmbiguousError if the engine may have received the request: timeout, reset, abort
   */
  abstract send(request: EngineRequest): Promise<EngineResponse>;
}
